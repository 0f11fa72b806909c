// Descriptors that came with a message over a unix socket (SCM_RIGHTS), owned until they are taken.
//
//   pelton::passed_descriptors came(here);
//   auto got = co_await stream.receive_with(memory, came);
//   while (!came.empty()) { pelton::tcp_stream peer(here, came.take(), {}); ... }
//
// Invariants
//   (1) Every descriptor in it is open, close-on-exec, and nobody else's; what is not taken is
//   closed. (2) It has room for all that one message may carry, so the kernel drops none for want
//   of it.
//
// Thread: the shard's.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <span>
#include <system_error>

namespace pelton {

class shard;

// Why descriptors were lost: the process has none free (ulimit -n). Compares equal to
// std::errc::too_many_files_open.
std::error_code descriptors_lost() noexcept;

class passed_descriptors {
public:
    static constexpr std::size_t max = 253;  // SCM_MAX_FD, of one message (unix(7))

    explicit passed_descriptors(shard& here) noexcept : here_(here) {}
    passed_descriptors(const passed_descriptors&) = delete;
    passed_descriptors& operator=(const passed_descriptors&) = delete;
    ~passed_descriptors() { clear(); }

    bool empty() const noexcept { return first_ == count_; }
    std::size_t size() const noexcept { return count_ - first_; }

    // The bytes of the message they came with, also when some of them were lost.
    std::size_t bytes() const noexcept { return bytes_; }

    // Those not taken yet, in the order in which they were sent; they stay owned.
    std::span<const int> numbers() const noexcept { return {numbers_.data() + first_, size()}; }

    // The next one, which is the caller's to close from now on. The process ends when there is
    // none.
    int take() noexcept;

    // Closes all that were not taken.
    void clear() noexcept;

private:
    friend class unix_receive;
    friend class unix_datagram_receive;

    // For a receive: what was held is closed, and the kernel writes here.
    void make_room(msghdr& header) noexcept;
    // Takes ownership of what the kernel wrote. False when it says that some were lost.
    bool collect(const msghdr& header, std::size_t bytes) noexcept;

    shard& here_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::array<int, max> numbers_;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * max) + 64> control_;
};

}  // namespace pelton
