#include <pelton/runtime/kernel/answer.hpp>
#include <pelton/runtime/kernel/linux_transfer_calls.hpp>

#include <climits>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace pelton {
namespace {

off_t offset(std::uint64_t at) noexcept {
    return static_cast<off_t>(at);
}

// What splice(2) takes for a position: null for the descriptor's own.
class place {
public:
    explicit place(std::uint64_t at) noexcept
        : at_(static_cast<loff_t>(at)), own_(at == calls_face::no_position) {}
    loff_t* pointer() noexcept { return own_ ? nullptr : &at_; }

private:
    loff_t at_;
    bool own_;
};

int entries(std::span<const iovec> vector) noexcept {
    return static_cast<int>(std::min<std::size_t>(vector.size(), IOV_MAX));
}

}  // namespace

result<void> linux_transfer_calls::fremovexattr(int descriptor, const char* name) noexcept {
    return success_of([&] { return ::fremovexattr(descriptor, name); });
}
result<std::size_t> linux_transfer_calls::listxattr(const char* path,
                                                    std::span<char> names) noexcept {
    return value_of([&] { return ::listxattr(path, names.data(), names.size()); });
}
result<std::size_t> linux_transfer_calls::getxattr(const char* path, const char* name,
                                                   std::span<std::byte> value) noexcept {
    return value_of([&] { return ::getxattr(path, name, value.data(), value.size()); });
}
result<void> linux_transfer_calls::setxattr(const char* path, const char* name,
                                            std::span<const std::byte> value, int flags) noexcept {
    return success_of([&] { return ::setxattr(path, name, value.data(), value.size(), flags); });
}
result<void> linux_transfer_calls::removexattr(const char* path, const char* name) noexcept {
    return success_of([&] { return ::removexattr(path, name); });
}

result<std::size_t> linux_transfer_calls::socket_bytes(int descriptor, bool outgoing) noexcept {
    int bytes = 0;
    if (ioctl(descriptor, outgoing ? SIOCOUTQ : SIOCINQ, &bytes) != 0) {
        return failure(errno);
    }
    return static_cast<std::size_t>(bytes);
}

result<std::size_t> linux_transfer_calls::preadv2(int descriptor, std::span<const iovec> into,
                                                  std::uint64_t at, int flags) noexcept {
    return value_of(
        [&] { return ::preadv2(descriptor, into.data(), entries(into), offset(at), flags); });
}
result<std::size_t> linux_transfer_calls::pwritev2(int descriptor, std::span<const iovec> from,
                                                   std::uint64_t at, int flags) noexcept {
    return value_of(
        [&] { return ::pwritev2(descriptor, from.data(), entries(from), offset(at), flags); });
}
result<std::size_t> linux_transfer_calls::splice(int from, std::uint64_t from_at, int into,
                                                 std::uint64_t into_at, std::size_t bytes,
                                                 unsigned flags) noexcept {
    return value_of([&] {
        place source(from_at);
        place target(into_at);
        return ::splice(from, source.pointer(), into, target.pointer(), bytes, flags);
    });
}
result<std::size_t> linux_transfer_calls::tee(int from, int into, std::size_t bytes,
                                              unsigned flags) noexcept {
    return value_of([&] { return ::tee(from, into, bytes, flags); });
}
result<std::array<int, 2>> linux_transfer_calls::pipe2(int flags) noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), flags) != 0) {
        return failure(errno);
    }
    return ends;
}
result<void> linux_transfer_calls::sync_file_range(int descriptor, std::uint64_t at,
                                                   std::uint64_t bytes, unsigned flags) noexcept {
    return success_of(
        [&] { return ::sync_file_range(descriptor, offset(at), offset(bytes), flags); });
}
result<void> linux_transfer_calls::madvise(std::span<std::byte> memory, int advice) noexcept {
    return success_of([&] { return ::madvise(memory.data(), memory.size(), advice); });
}
result<void> linux_transfer_calls::block_discard(int descriptor, std::uint64_t at,
                                                 std::uint64_t bytes) noexcept {
    std::uint64_t range[2] = {at, bytes};
    return success_of([&] { return ioctl(descriptor, BLKDISCARD, range); });
}

result<void> linux_transfer_calls::futex_wait(const std::uint32_t& word, std::uint32_t expected,
                                              std::uint64_t limit_ns) noexcept {
    timespec limit{};
    limit.tv_sec = static_cast<time_t>(limit_ns / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(limit_ns % 1'000'000'000);
    if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &limit, nullptr, 0) != 0) {
        return failure(errno);
    }
    return {};
}
result<unsigned> linux_transfer_calls::futex_wake(const std::uint32_t& word,
                                                  unsigned count_max) noexcept {
    const auto count = std::min<unsigned>(count_max, INT_MAX);
    return value_of<unsigned>(
        [&] { return syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0); });
}

result<void> linux_transfer_calls::pidfd_send_signal(int descriptor, int signal) noexcept {
    return success_of(
        [&] { return syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0); });
}
result<void> linux_transfer_calls::waitid(int descriptor, siginfo_t& into, int options) noexcept {
    into = {};
    return success_of([&] {
        // P_PIDFD is missing from older C libraries' idtype_t.
        return ::waitid(static_cast<idtype_t>(3), static_cast<id_t>(descriptor), &into, options);
    });
}

}  // namespace pelton
