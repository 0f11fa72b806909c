#include <pelton/runtime/kernel/answer.hpp>
#include <pelton/runtime/kernel/blocking_pool.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/kernel/linux_signals.hpp>
#include <pelton/runtime/kernel/linux_transfer_calls.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <linux/openat2.h>
#include <mutex>
#include <optional>
#include <string_view>

namespace pelton {
namespace {

std::uint64_t clock_ns(clockid_t clock) noexcept {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// The line "Umask:" of this process's status (Linux 4.7). umask(2) has to set it in order to read
// it, and a file that another thread makes in that moment is open to the world.
std::optional<unsigned> umask_from_proc() noexcept {
    const int status = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (status < 0) {
        return std::nullopt;
    }
    std::array<char, 4096> text{};
    const auto got = value_of([&] { return ::read(status, text.data(), text.size()); });
    ::close(status);
    constexpr std::string_view label = "\nUmask:\t";
    const std::string_view lines(text.data(), got.value_or(0));
    const auto at = lines.find(label);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const auto* digits = lines.data() + at + label.size();
    unsigned mask = 0;
    if (std::from_chars(digits, text.data() + text.size(), mask, 8).ec != std::errc{}) {
        return std::nullopt;
    }
    return mask;
}

off_t offset(std::uint64_t at) noexcept {
    return static_cast<off_t>(at);
}

class linux_calls_face final : public linux_transfer_calls {
public:
    std::uint64_t now_ns() noexcept override { return clock_ns(CLOCK_MONOTONIC); }
    std::uint64_t coarse_now_ns() noexcept override { return clock_ns(CLOCK_MONOTONIC_COARSE); }

    blocking_threads* make_blocking_threads(unsigned threads_max) override {
        return new blocking_pool(threads_max);
    }

    result<int> openat2(int at, const char* path, const open_how& how) noexcept override {
        return value_of<int>([&] { return syscall(SYS_openat2, at, path, &how, sizeof(how)); });
    }
    result<void> close(int descriptor) noexcept override {
        // Never restarted: the descriptor is gone even on EINTR (close(2)).
        if (::close(descriptor) != 0 && errno != EINTR) {
            return failure(errno);
        }
        return {};
    }
    result<std::size_t> read(int descriptor, std::span<std::byte> into) noexcept override {
        return value_of([&] { return ::read(descriptor, into.data(), into.size()); });
    }
    result<std::size_t> write(int descriptor, std::span<const std::byte> from) noexcept override {
        return value_of([&] { return ::write(descriptor, from.data(), from.size()); });
    }
    result<std::size_t> pread(int descriptor, std::span<std::byte> into,
                              std::uint64_t at) noexcept override {
        return value_of([&] { return ::pread(descriptor, into.data(), into.size(), offset(at)); });
    }
    result<std::size_t> pwrite(int descriptor, std::span<const std::byte> from,
                               std::uint64_t at) noexcept override {
        return value_of([&] { return ::pwrite(descriptor, from.data(), from.size(), offset(at)); });
    }
    result<std::uint64_t> lseek(int descriptor, std::uint64_t at, int whence) noexcept override {
        return value_of<std::uint64_t>([&] { return ::lseek(descriptor, offset(at), whence); });
    }
    result<std::size_t> copy_file_range(int from, std::uint64_t from_at, int into,
                                        std::uint64_t into_at,
                                        std::size_t bytes) noexcept override {
        return value_of([&] {
            auto source = offset(from_at);
            auto target = offset(into_at);
            return ::copy_file_range(from, &source, into, &target, bytes, 0);
        });
    }
    result<void> clone_file(int from, int into) noexcept override {
        return success_of([&] { return ioctl(into, FICLONE, from); });
    }
    result<void> ftruncate(int descriptor, std::uint64_t bytes) noexcept override {
        return success_of([&] { return ::ftruncate(descriptor, offset(bytes)); });
    }
    result<void> fallocate(int descriptor, int mode, std::uint64_t at,
                           std::uint64_t bytes) noexcept override {
        return success_of([&] { return ::fallocate(descriptor, mode, offset(at), offset(bytes)); });
    }
    result<void> fsync(int descriptor, bool data_only) noexcept override {
        return success_of(
            [&] { return data_only ? ::fdatasync(descriptor) : ::fsync(descriptor); });
    }
    result<void> syncfs(int descriptor) noexcept override {
        return success_of([&] { return ::syncfs(descriptor); });
    }
    result<void> fadvise(int descriptor, std::uint64_t at, std::uint64_t bytes,
                         int advice) noexcept override {
        if (const int error = posix_fadvise(descriptor, offset(at), offset(bytes), advice);
            error != 0) {
            return failure(error);
        }
        return {};
    }
    result<int> status_flags(int descriptor) noexcept override {
        return value_of<int>([&] { return fcntl(descriptor, F_GETFL); });
    }
    bool is_terminal(int descriptor) noexcept override { return isatty(descriptor) == 1; }
    result<unsigned> terminal_columns(int descriptor) noexcept override {
        winsize size{};
        if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) {
            return failure(errno);
        }
        return unsigned{size.ws_col};
    }
    result<int> eventfd() noexcept override {
        return value_of<int>([] { return ::eventfd(0, EFD_CLOEXEC); });
    }
    result<void> watch_signal(signal_watch& one) noexcept override {
        return linux_signals::watch(one);
    }
    void unwatch_signal(signal_watch& one) noexcept override { linux_signals::unwatch(one); }

    result<void> statx(int at, const char* path, int flags, unsigned mask,
                       struct statx& into) noexcept override {
        return success_of([&] { return ::statx(at, path, flags, mask, &into); });
    }
    result<void> fstatfs(int descriptor, struct statfs& into) noexcept override {
        return success_of([&] { return ::fstatfs(descriptor, &into); });
    }
    result<void> fchmod(int descriptor, unsigned mode) noexcept override {
        return success_of([&] { return ::fchmod(descriptor, mode); });
    }
    result<void> fchmodat(int at, const char* path, unsigned mode) noexcept override {
        return success_of([&] { return ::fchmodat(at, path, mode, 0); });
    }
    result<void> fchownat(int at, const char* path, unsigned owner, unsigned group,
                          int flags) noexcept override {
        return success_of([&] { return ::fchownat(at, path, owner, group, flags); });
    }
    result<void> utimensat(int at, const char* path, const timespec (&times)[2],
                           int flags) noexcept override {
        return success_of([&] { return ::utimensat(at, path, times, flags); });
    }
    result<std::size_t> flistxattr(int descriptor, std::span<char> names) noexcept override {
        return value_of([&] { return ::flistxattr(descriptor, names.data(), names.size()); });
    }
    result<std::size_t> fgetxattr(int descriptor, const char* name,
                                  std::span<std::byte> value) noexcept override {
        return value_of([&] { return ::fgetxattr(descriptor, name, value.data(), value.size()); });
    }
    result<void> fsetxattr(int descriptor, const char* name, std::span<const std::byte> value,
                           int flags) noexcept override {
        return success_of(
            [&] { return ::fsetxattr(descriptor, name, value.data(), value.size(), flags); });
    }

    result<std::size_t> getdents64(int descriptor, std::span<std::byte> into) noexcept override {
        return value_of([&] { return ::getdents64(descriptor, into.data(), into.size()); });
    }
    result<void> mkdirat(int at, const char* path, unsigned mode) noexcept override {
        return success_of([&] { return ::mkdirat(at, path, mode); });
    }
    result<void> mknodat(int at, const char* path, unsigned mode,
                         std::uint64_t device) noexcept override {
        return success_of([&] { return ::mknodat(at, path, mode, device); });
    }
    result<void> unlinkat(int at, const char* path, int flags) noexcept override {
        return success_of([&] { return ::unlinkat(at, path, flags); });
    }
    result<void> renameat2(int from_at, const char* from, int into_at, const char* into,
                           unsigned flags) noexcept override {
        return success_of(
            [&] { return syscall(SYS_renameat2, from_at, from, into_at, into, flags); });
    }
    result<void> linkat(int from_at, const char* from, int into_at, const char* into,
                        int flags) noexcept override {
        return success_of([&] { return ::linkat(from_at, from, into_at, into, flags); });
    }
    result<void> symlinkat(const char* target, int at, const char* path) noexcept override {
        return success_of([&] { return ::symlinkat(target, at, path); });
    }
    result<std::size_t> readlinkat(int at, const char* path,
                                   std::span<char> into) noexcept override {
        return value_of([&] { return ::readlinkat(at, path, into.data(), into.size()); });
    }
    unsigned umask() noexcept override {
        if (const auto told = umask_from_proc()) {
            return *told;
        }
        // umask(2) reads it only by setting it; two threads must not see each other's zero.
        static std::mutex one_at_a_time;
        const std::lock_guard lock(one_at_a_time);
        const auto mask = ::umask(0);
        ::umask(mask);
        return mask;
    }

    std::string_view release() noexcept override {
        static const utsname names = [] {
            utsname filled{};
            uname(&filled);
            return filled;
        }();
        return names.release;
    }
    std::uint64_t memlock_limit() noexcept override {
        rlimit limit{};
        return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? limit.rlim_cur : 0;
    }
    std::uint64_t descriptor_limit() noexcept override {
        rlimit limit{};
        return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
    }
    std::uint32_t effective_user() noexcept override { return geteuid(); }
};

}  // namespace

calls_face& linux_calls() noexcept {
    static linux_calls_face face;
    return face;
}

}  // namespace pelton
