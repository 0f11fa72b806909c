// The calls of another face, one by one: a stand-in derives from it and overrides what it changes.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

namespace pelton::test {

class forwarding_calls : public calls_face {
public:
    explicit forwarding_calls(calls_face& to = linux_calls()) noexcept : to_(to) {}

    std::uint64_t now_ns() noexcept override { return to_.now_ns(); }
    std::uint64_t coarse_now_ns() noexcept override { return to_.coarse_now_ns(); }
    blocking_threads* make_blocking_threads(unsigned threads_max) override {
        return to_.make_blocking_threads(threads_max);
    }
    result<int> openat2(int at, const char* path, const open_how& how) noexcept override {
        return to_.openat2(at, path, how);
    }
    result<void> close(int descriptor) noexcept override { return to_.close(descriptor); }
    result<std::size_t> read(int descriptor, std::span<std::byte> into) noexcept override {
        return to_.read(descriptor, into);
    }
    result<std::size_t> write(int descriptor, std::span<const std::byte> from) noexcept override {
        return to_.write(descriptor, from);
    }
    result<std::size_t> pread(int descriptor, std::span<std::byte> into,
                              std::uint64_t at) noexcept override {
        return to_.pread(descriptor, into, at);
    }
    result<std::size_t> pwrite(int descriptor, std::span<const std::byte> from,
                               std::uint64_t at) noexcept override {
        return to_.pwrite(descriptor, from, at);
    }
    result<std::uint64_t> lseek(int descriptor, std::uint64_t at, int whence) noexcept override {
        return to_.lseek(descriptor, at, whence);
    }
    result<std::size_t> copy_file_range(int from, std::uint64_t from_at, int into,
                                        std::uint64_t into_at,
                                        std::size_t bytes) noexcept override {
        return to_.copy_file_range(from, from_at, into, into_at, bytes);
    }
    result<void> clone_file(int from, int into) noexcept override {
        return to_.clone_file(from, into);
    }
    result<void> ftruncate(int descriptor, std::uint64_t bytes) noexcept override {
        return to_.ftruncate(descriptor, bytes);
    }
    result<void> fallocate(int descriptor, int mode, std::uint64_t at,
                           std::uint64_t bytes) noexcept override {
        return to_.fallocate(descriptor, mode, at, bytes);
    }
    result<void> fsync(int descriptor, bool data_only) noexcept override {
        return to_.fsync(descriptor, data_only);
    }
    result<void> syncfs(int descriptor) noexcept override { return to_.syncfs(descriptor); }
    result<void> fadvise(int descriptor, std::uint64_t at, std::uint64_t bytes,
                         int advice) noexcept override {
        return to_.fadvise(descriptor, at, bytes, advice);
    }
    result<int> status_flags(int descriptor) noexcept override {
        return to_.status_flags(descriptor);
    }
    bool is_terminal(int descriptor) noexcept override { return to_.is_terminal(descriptor); }
    result<unsigned> terminal_columns(int descriptor) noexcept override {
        return to_.terminal_columns(descriptor);
    }
    result<int> eventfd() noexcept override { return to_.eventfd(); }
    result<void> watch_signal(signal_watch& one) noexcept override { return to_.watch_signal(one); }
    void unwatch_signal(signal_watch& one) noexcept override { to_.unwatch_signal(one); }
    result<void> statx(int at, const char* path, int flags, unsigned mask,
                       struct statx& into) noexcept override {
        return to_.statx(at, path, flags, mask, into);
    }
    result<void> fstatfs(int descriptor, struct statfs& into) noexcept override {
        return to_.fstatfs(descriptor, into);
    }
    result<void> fchmod(int descriptor, unsigned mode) noexcept override {
        return to_.fchmod(descriptor, mode);
    }
    result<void> fchmodat(int at, const char* path, unsigned mode) noexcept override {
        return to_.fchmodat(at, path, mode);
    }
    result<void> fchownat(int at, const char* path, unsigned owner, unsigned group,
                          int flags) noexcept override {
        return to_.fchownat(at, path, owner, group, flags);
    }
    result<void> utimensat(int at, const char* path, const timespec (&times)[2],
                           int flags) noexcept override {
        return to_.utimensat(at, path, times, flags);
    }
    result<std::size_t> flistxattr(int descriptor, std::span<char> names) noexcept override {
        return to_.flistxattr(descriptor, names);
    }
    result<std::size_t> fgetxattr(int descriptor, const char* name,
                                  std::span<std::byte> value) noexcept override {
        return to_.fgetxattr(descriptor, name, value);
    }
    result<void> fsetxattr(int descriptor, const char* name, std::span<const std::byte> value,
                           int flags) noexcept override {
        return to_.fsetxattr(descriptor, name, value, flags);
    }
    result<std::size_t> getdents64(int descriptor, std::span<std::byte> into) noexcept override {
        return to_.getdents64(descriptor, into);
    }
    result<void> mkdirat(int at, const char* path, unsigned mode) noexcept override {
        return to_.mkdirat(at, path, mode);
    }
    result<void> mknodat(int at, const char* path, unsigned mode,
                         std::uint64_t device) noexcept override {
        return to_.mknodat(at, path, mode, device);
    }
    result<void> unlinkat(int at, const char* path, int flags) noexcept override {
        return to_.unlinkat(at, path, flags);
    }
    result<void> renameat2(int from_at, const char* from, int into_at, const char* into,
                           unsigned flags) noexcept override {
        return to_.renameat2(from_at, from, into_at, into, flags);
    }
    result<void> linkat(int from_at, const char* from, int into_at, const char* into,
                        int flags) noexcept override {
        return to_.linkat(from_at, from, into_at, into, flags);
    }
    result<void> symlinkat(const char* target, int at, const char* path) noexcept override {
        return to_.symlinkat(target, at, path);
    }
    result<std::size_t> readlinkat(int at, const char* path,
                                   std::span<char> into) noexcept override {
        return to_.readlinkat(at, path, into);
    }
    unsigned umask() noexcept override { return to_.umask(); }
    result<int> socket(int family, int type, int protocol) noexcept override {
        return to_.socket(family, type, protocol);
    }
    result<void> bind(int descriptor, const sockaddr* address, socklen_t bytes) noexcept override {
        return to_.bind(descriptor, address, bytes);
    }
    result<void> listen(int descriptor, int backlog) noexcept override {
        return to_.listen(descriptor, backlog);
    }
    result<void> shutdown(int descriptor, int how) noexcept override {
        return to_.shutdown(descriptor, how);
    }
    result<void> setsockopt(int descriptor, int level, int option, const void* value,
                            socklen_t bytes) noexcept override {
        return to_.setsockopt(descriptor, level, option, value, bytes);
    }
    result<socklen_t> getsockname(int descriptor, sockaddr* into,
                                  socklen_t room) noexcept override {
        return to_.getsockname(descriptor, into, room);
    }
    result<socklen_t> getpeername(int descriptor, sockaddr* into,
                                  socklen_t room) noexcept override {
        return to_.getpeername(descriptor, into, room);
    }
    result<std::array<int, 2>> socketpair(int type) noexcept override {
        return to_.socketpair(type);
    }
    result<void> fremovexattr(int descriptor, const char* name) noexcept override {
        return to_.fremovexattr(descriptor, name);
    }
    result<std::size_t> listxattr(const char* path, std::span<char> names) noexcept override {
        return to_.listxattr(path, names);
    }
    result<std::size_t> getxattr(const char* path, const char* name,
                                 std::span<std::byte> value) noexcept override {
        return to_.getxattr(path, name, value);
    }
    result<void> setxattr(const char* path, const char* name, std::span<const std::byte> value,
                          int flags) noexcept override {
        return to_.setxattr(path, name, value, flags);
    }
    result<void> removexattr(const char* path, const char* name) noexcept override {
        return to_.removexattr(path, name);
    }
    result<std::size_t> socket_bytes(int descriptor, bool outgoing) noexcept override {
        return to_.socket_bytes(descriptor, outgoing);
    }
    result<socklen_t> getsockopt(int descriptor, int level, int option, void* into,
                                 socklen_t room) noexcept override {
        return to_.getsockopt(descriptor, level, option, into, room);
    }
    result<std::size_t> sendmsg(int descriptor, const msghdr& message,
                                int flags) noexcept override {
        return to_.sendmsg(descriptor, message, flags);
    }
    result<std::size_t> recvmsg(int descriptor, msghdr& message, int flags) noexcept override {
        return to_.recvmsg(descriptor, message, flags);
    }
    result<void> getaddrinfo(const char* host, const char* service,
                             std::vector<sockaddr_storage>& into) noexcept override {
        return to_.getaddrinfo(host, service, into);
    }
    result<std::size_t> preadv2(int descriptor, std::span<const iovec> into, std::uint64_t at,
                                int flags) noexcept override {
        return to_.preadv2(descriptor, into, at, flags);
    }
    result<std::size_t> pwritev2(int descriptor, std::span<const iovec> from, std::uint64_t at,
                                 int flags) noexcept override {
        return to_.pwritev2(descriptor, from, at, flags);
    }
    result<std::size_t> splice(int from, std::uint64_t from_at, int into, std::uint64_t into_at,
                               std::size_t bytes, unsigned flags) noexcept override {
        return to_.splice(from, from_at, into, into_at, bytes, flags);
    }
    result<std::size_t> tee(int from, int into, std::size_t bytes,
                            unsigned flags) noexcept override {
        return to_.tee(from, into, bytes, flags);
    }
    result<std::array<int, 2>> pipe2(int flags) noexcept override { return to_.pipe2(flags); }
    result<void> sync_file_range(int descriptor, std::uint64_t at, std::uint64_t bytes,
                                 unsigned flags) noexcept override {
        return to_.sync_file_range(descriptor, at, bytes, flags);
    }
    result<void> madvise(std::span<std::byte> memory, int advice) noexcept override {
        return to_.madvise(memory, advice);
    }
    result<void> block_discard(int descriptor, std::uint64_t at,
                               std::uint64_t bytes) noexcept override {
        return to_.block_discard(descriptor, at, bytes);
    }
    result<std::uint32_t> nvme_id(int descriptor) noexcept override {
        return to_.nvme_id(descriptor);
    }
    result<std::uint16_t> nvme_command(int descriptor, nvme_way way,
                                       const abi::nvme_command& words) noexcept override {
        return to_.nvme_command(descriptor, way, words);
    }
    result<void> futex_wait(const std::uint32_t& word, std::uint32_t expected,
                            std::uint64_t limit_ns) noexcept override {
        return to_.futex_wait(word, expected, limit_ns);
    }
    result<unsigned> futex_wake(const std::uint32_t& word, unsigned count_max) noexcept override {
        return to_.futex_wake(word, count_max);
    }
    result<spawned> spawn(const spawn_how& how) noexcept override { return to_.spawn(how); }
    result<void> pidfd_send_signal(int descriptor, int signal) noexcept override {
        return to_.pidfd_send_signal(descriptor, signal);
    }
    result<void> waitid(int descriptor, siginfo_t& into, int options) noexcept override {
        return to_.waitid(descriptor, into, options);
    }
    std::string_view release() noexcept override { return to_.release(); }
    std::uint64_t memlock_limit() noexcept override { return to_.memlock_limit(); }
    std::uint64_t descriptor_limit() noexcept override { return to_.descriptor_limit(); }
    std::uint32_t effective_user() noexcept override { return to_.effective_user(); }

private:
    calls_face& to_;
};

}  // namespace pelton::test
