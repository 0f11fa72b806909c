// The calls face's share of Linux that moves bytes, waits for words and processes, and reads
// attributes by path. The rest is in linux_calls.cpp, which completes the class.
#pragma once

#include <pelton/runtime/kernel/linux_nvme.hpp>

namespace pelton {

class linux_transfer_calls : public linux_nvme {
public:
    result<void> fremovexattr(int descriptor, const char* name) noexcept override;
    result<std::size_t> listxattr(const char* path, std::span<char> names) noexcept override;
    result<std::size_t> getxattr(const char* path, const char* name,
                                 std::span<std::byte> value) noexcept override;
    result<void> setxattr(const char* path, const char* name, std::span<const std::byte> value,
                          int flags) noexcept override;
    result<void> removexattr(const char* path, const char* name) noexcept override;

    result<std::size_t> socket_bytes(int descriptor, bool outgoing) noexcept override;

    result<std::size_t> preadv2(int descriptor, std::span<const iovec> into, std::uint64_t at,
                                int flags) noexcept override;
    result<std::size_t> pwritev2(int descriptor, std::span<const iovec> from, std::uint64_t at,
                                 int flags) noexcept override;
    result<std::size_t> splice(int from, std::uint64_t from_at, int into, std::uint64_t into_at,
                               std::size_t bytes, unsigned flags) noexcept override;
    result<std::size_t> tee(int from, int into, std::size_t bytes,
                            unsigned flags) noexcept override;
    result<std::array<int, 2>> pipe2(int flags) noexcept override;
    result<void> sync_file_range(int descriptor, std::uint64_t at, std::uint64_t bytes,
                                 unsigned flags) noexcept override;
    result<void> madvise(std::span<std::byte> memory, int advice) noexcept override;
    result<void> block_discard(int descriptor, std::uint64_t at,
                               std::uint64_t bytes) noexcept override;

    result<void> futex_wait(const std::uint32_t& word, std::uint32_t expected,
                            std::uint64_t limit_ns) noexcept override;
    result<unsigned> futex_wake(const std::uint32_t& word, unsigned count_max) noexcept override;

    result<spawned> spawn(const spawn_how& how) noexcept override;
    result<void> pidfd_send_signal(int descriptor, int signal) noexcept override;
    result<void> waitid(int descriptor, siginfo_t& into, int options) noexcept override;

protected:
    ~linux_transfer_calls() override = default;
};

}  // namespace pelton
