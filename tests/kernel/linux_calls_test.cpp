#include "buffers/death.hpp"
#include "forbidden_call.hpp"

#include <pelton/runtime/kernel/calls.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <linux/openat2.h>
#include <ostream>  // doctest prints error codes
#include <string>
#include <string_view>

using namespace pelton;
using namespace pelton::test;

namespace {

// A directory that is gone with its contents when the test ends.
class scratch_directory {
public:
    scratch_directory() {
        std::string name = "/tmp/pelton-calls-XXXXXX";
        require_call(::mkdtemp(name.data()) != nullptr, "mkdtemp");
        path_ = name;
        descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        require_call(descriptor_ >= 0, "open");
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() {
        ::close(descriptor_);
        static_cast<void>(std::system(("rm -rf " + path_).c_str()));
    }
    int at() const noexcept { return descriptor_; }

private:
    std::string path_;
    int descriptor_ = -1;
};

open_how how(std::uint64_t flags, std::uint64_t mode = 0) {
    open_how wanted{};
    wanted.flags = flags | O_CLOEXEC;
    wanted.mode = mode;
    return wanted;
}

int new_file(const scratch_directory& in, const char* name) {
    const auto opened = linux_calls().openat2(in.at(), name, how(O_RDWR | O_CREAT, 0600));
    REQUIRE(opened);
    return *opened;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

template <class T>
std::errc error_of(const result<T>& outcome) {
    return outcome ? std::errc{} : static_cast<std::errc>(outcome.error().value());
}

}  // namespace

TEST_CASE("files are opened, written, read, measured and closed") {
    auto& calls = linux_calls();
    const scratch_directory scratch;
    const int file = new_file(scratch, "file");
    CHECK(calls.write(file, bytes_of("hello world")) == 11U);
    CHECK(calls.pwrite(file, bytes_of("J"), 0) == 1U);
    std::array<std::byte, 32> room{};
    CHECK(calls.pread(file, room, 0) == 11U);
    CHECK(std::string_view(reinterpret_cast<const char*>(room.data()), 11) == "Jello world");
    CHECK(calls.read(file, room) == 0U);  // the position is at the end
    CHECK(calls.ftruncate(file, 5));
    struct statx facts{};
    CHECK(calls.statx(file, "", AT_EMPTY_PATH, STATX_SIZE, facts));
    CHECK(facts.stx_size == 5);
    CHECK(calls.fallocate(file, 0, 0, 8'192));
    CHECK(calls.statx(scratch.at(), "file", 0, STATX_SIZE, facts));
    CHECK(facts.stx_size == 8'192);
    CHECK(calls.fsync(file, true));
    CHECK(calls.fsync(file, false));
    CHECK(calls.fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL));
    CHECK(*calls.lseek(file, 0, SEEK_DATA) == 0);
    CHECK((*calls.status_flags(file) & O_ACCMODE) == O_RDWR);
    CHECK(!calls.is_terminal(file));
    CHECK(calls.close(file));
    CHECK(error_of(calls.close(file)) == std::errc::bad_file_descriptor);
}

TEST_CASE("a refused call answers with its errno") {
    auto& calls = linux_calls();
    const scratch_directory scratch;
    std::array<std::byte, 8> room{};
    struct statx facts{};
    CHECK(error_of(calls.openat2(scratch.at(), "missing", how(O_RDONLY))) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(calls.read(-1, room)) == std::errc::bad_file_descriptor);
    CHECK(error_of(calls.pwrite(-1, room, 0)) == std::errc::bad_file_descriptor);
    CHECK(error_of(calls.statx(scratch.at(), "missing", 0, STATX_SIZE, facts)) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(calls.fadvise(-1, 0, 0, POSIX_FADV_NORMAL)) == std::errc::bad_file_descriptor);
    CHECK(error_of(calls.unlinkat(scratch.at(), "missing", 0)) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(calls.terminal_columns(scratch.at())) ==
          std::errc::inappropriate_io_control_operation);
    CHECK(error_of(calls.lseek(new_file(scratch, "empty"), 0, SEEK_DATA)) ==
          std::errc::no_such_device_or_address);
    CHECK(error_of(calls.socket(AF_INET, -1, 0)) == std::errc::invalid_argument);
    CHECK(error_of(calls.listen(-1, 1)) == std::errc::bad_file_descriptor);
}

TEST_CASE("directories are made, listed, renamed and removed") {
    auto& calls = linux_calls();
    const scratch_directory scratch;
    CHECK(calls.mkdirat(scratch.at(), "inner", 0700));
    CHECK(error_of(calls.mkdirat(scratch.at(), "inner", 0700)) == std::errc::file_exists);
    CHECK(calls.close(new_file(scratch, "one")));
    CHECK(calls.linkat(scratch.at(), "one", scratch.at(), "two", 0));
    CHECK(calls.symlinkat("one", scratch.at(), "three"));
    std::array<char, 32> target{};
    CHECK(calls.readlinkat(scratch.at(), "three", target) == 3U);
    CHECK(std::string_view(target.data(), 3) == "one");
    CHECK(error_of(calls.renameat2(scratch.at(), "one", scratch.at(), "two", RENAME_NOREPLACE)) ==
          std::errc::file_exists);
    CHECK(calls.renameat2(scratch.at(), "three", scratch.at(), "four", 0));
    CHECK(calls.mknodat(scratch.at(), "pipe", S_IFIFO | 0600, 0));
    std::array<std::byte, 4'096> names{};
    const auto listed = calls.getdents64(scratch.at(), names);
    REQUIRE(listed);
    const std::string_view text(reinterpret_cast<const char*>(names.data()), *listed);
    for (const auto* each : {"inner", "one", "two", "four", "pipe"}) {
        CHECK(text.find(each) != std::string_view::npos);
    }
    CHECK(text.find("three") == std::string_view::npos);
    CHECK(error_of(calls.unlinkat(scratch.at(), "inner", 0)) == std::errc::is_a_directory);
    CHECK(calls.unlinkat(scratch.at(), "inner", AT_REMOVEDIR));
}

TEST_CASE("a file's mode, times and attributes are set and read back") {
    auto& calls = linux_calls();
    const scratch_directory scratch;
    const int file = new_file(scratch, "file");
    struct statx facts{};
    CHECK(calls.fchmod(file, 0640));
    CHECK(calls.statx(file, "", AT_EMPTY_PATH, STATX_MODE, facts));
    CHECK((facts.stx_mode & 07777U) == 0640);
    CHECK(calls.fchmodat(scratch.at(), "file", 0600));
    const timespec times[2] = {{.tv_sec = 1'000, .tv_nsec = 5}, {.tv_sec = 2'000, .tv_nsec = 6}};
    CHECK(calls.utimensat(scratch.at(), "file", times, 0));
    CHECK(calls.statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, facts));
    CHECK((facts.stx_mode & 07777U) == 0600);
    CHECK(facts.stx_mtime.tv_sec == 2'000);
    CHECK(facts.stx_atime.tv_nsec == 5);
    CHECK(calls.fchownat(scratch.at(), "file", ::geteuid(), ::getegid(), 0));
    if (const auto set = calls.fsetxattr(file, "user.pelton", bytes_of("wheel"), 0); set) {
        std::array<std::byte, 16> value{};
        std::array<char, 256> names{};
        CHECK(calls.fgetxattr(file, "user.pelton", value) == 5U);
        CHECK(*calls.flistxattr(file, names) >= std::string_view("user.pelton").size());
        CHECK(error_of(calls.fgetxattr(file, "user.other", value)) ==
              std::errc::no_message_available);
    } else {
        CHECK(error_of(set) == std::errc::not_supported);
    }
    CHECK(calls.close(file));
}

TEST_CASE("bytes are copied between files by the kernel, at the offsets given") {
    auto& calls = linux_calls();
    const scratch_directory scratch;
    const int from = new_file(scratch, "from");
    const int into = new_file(scratch, "into");
    CHECK(calls.write(from, bytes_of("0123456789")) == 10U);
    const auto copied = calls.copy_file_range(from, 2, into, 1, 5);
    REQUIRE(copied);
    std::array<std::byte, 16> room{};
    CHECK(calls.pread(into, room, 0) == 6U);
    CHECK(std::string_view(reinterpret_cast<const char*>(room.data()) + 1, 5) == "23456");
    CHECK(calls.copy_file_range(from, 100, into, 0, 5) == 0U);
    if (const auto cloned = calls.clone_file(from, into); !cloned) {
        const auto error = error_of(cloned);
        CHECK(
            (error == std::errc::operation_not_supported || error == std::errc::invalid_argument));
    }
    CHECK(calls.syncfs(into));
    struct statfs where{};
    CHECK(calls.fstatfs(into, where));
    CHECK(where.f_bsize > 0);
    CHECK(calls.close(from));
    CHECK(calls.close(into));
}

TEST_CASE("sockets are bound, named and shut down") {
    auto& calls = linux_calls();
    const auto made = calls.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(made);
    const int yes = 1;
    CHECK(calls.setsockopt(*made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
    sockaddr_in anywhere{};
    anywhere.sin_family = AF_INET;
    anywhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(calls.bind(*made, reinterpret_cast<const sockaddr*>(&anywhere), sizeof(anywhere)));
    CHECK(calls.listen(*made, 1));
    sockaddr_in name{};
    CHECK(calls.getsockname(*made, reinterpret_cast<sockaddr*>(&name), sizeof(name)) ==
          socklen_t{sizeof(name)});
    CHECK(name.sin_port != 0);
    CHECK(error_of(calls.getpeername(*made, reinterpret_cast<sockaddr*>(&name), sizeof(name))) ==
          std::errc::not_connected);
    CHECK(calls.shutdown(*made, SHUT_RDWR));
    CHECK(calls.close(*made));
}

TEST_CASE("the clocks do not go backwards, and the coarse one follows the other") {
    auto& calls = linux_calls();
    const auto coarse = calls.coarse_now_ns();
    auto last = calls.now_ns();
    CHECK(coarse <= last);
    for (int i = 0; i < 1'000; ++i) {
        const auto now = calls.now_ns();
        REQUIRE(now >= last);
        last = now;
    }
    CHECK(calls.coarse_now_ns() >= coarse);
}

TEST_CASE("what the process is allowed is told") {
    auto& calls = linux_calls();
    CHECK(calls.release().find('.') != std::string_view::npos);
    CHECK(calls.effective_user() == ::geteuid());
    rlimit files{};
    require_call(::getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
    CHECK(calls.descriptor_limit() == files.rlim_cur);
    rlimit locked{};
    require_call(::getrlimit(RLIMIT_MEMLOCK, &locked) == 0, "getrlimit");
    CHECK(calls.memlock_limit() == locked.rlim_cur);
}

TEST_CASE("the umask is read without being changed, not even for a moment") {
    // A file that another thread makes in that moment would be open to the world.
    const auto end = ending_of([] {
        static_cast<void>(::umask(027));
        forbid_call(SYS_umask, EPERM);
        ::_exit(linux_calls().umask() == 027 ? 0 : 1);
    });
    CHECK(end.text.empty());
    CHECK(end.signal == 0);
}

TEST_CASE("an eventfd counts, and is closed by exec") {
    auto& calls = linux_calls();
    const auto made = calls.eventfd();
    REQUIRE(made);
    CHECK((::fcntl(*made, F_GETFD) & FD_CLOEXEC) != 0);
    const std::uint64_t three = 3;
    CHECK(calls.write(*made, std::as_bytes(std::span(&three, 1))) == 8U);
    std::uint64_t count = 0;
    CHECK(calls.read(*made, std::as_writable_bytes(std::span(&count, 1))) == 8U);
    CHECK(count == 3);
    CHECK(calls.close(*made));
}
