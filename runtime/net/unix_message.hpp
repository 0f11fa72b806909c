// Operations on unix sockets that carry descriptors or addresses; unix_stream and unix_datagram
// yield them.
#pragma once

#include <pelton/runtime/net/passed_descriptors.hpp>
#include <pelton/runtime/net/unix_address.hpp>
#include <pelton/runtime/op/message.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

namespace pelton {

// Yields the bytes sent. The control data lies in the awaiter: about 1 KiB of the frame.
class unix_send final : public message_operation<unix_send, std::size_t> {
public:
    // On a stream. The descriptors' array must outlive the await; once it resumes the kernel has
    // copies. Without a byte to carry them they would be lost, so that is refused.
    unix_send(shard& here, target& on, const areas& memory,
              std::span<const int> descriptors) noexcept
        : unix_send(here, on, memory, nullptr, descriptors) {
        if (memory.empty()) {
            refuse(EINVAL);
        }
    }

    // As a datagram, to the peer or to `to`, which must outlive the await.
    unix_send(shard& here, target& on, const areas& memory, const unix_address* to,
              std::span<const int> descriptors) noexcept
        : message_operation(here, direction::writing, on, memory, MSG_NOSIGNAL),
          to_(to),
          descriptors_(descriptors) {
        if (descriptors.size() > passed_descriptors::max) {
            refuse(EINVAL);
        }
    }

    void dress(msghdr& header) noexcept;
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    const unix_address* to_;
    std::span<const int> descriptors_;
    alignas(
        cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * passed_descriptors::max)> control_;
};

// From a stream.
class unix_receive final : public message_operation<unix_receive, std::size_t> {
public:
    // With bytes in the way that an inflow took before these, it is refused.
    unix_receive(shard& here, target& on, const areas& memory, passed_descriptors& into,
                 bool in_the_way) noexcept
        : message_operation(here, direction::reading, on, memory, MSG_CMSG_CLOEXEC), into_(into) {
        if (in_the_way) {
            refuse(EBUSY);
        }
    }

    void dress(msghdr& header) noexcept { into_.make_room(header); }
    result<std::size_t> decode(std::int32_t outcome) const noexcept;

private:
    passed_descriptors& into_;
};

// What a unix_datagram received.
struct local_datagram {
    local_datagram() noexcept = default;

    std::size_t bytes = 0;  // of the memory given, from its start
    unix_address from;      // unnamed when the sender is not bound
};

class unix_datagram_receive final
    : public message_operation<unix_datagram_receive, local_datagram> {
public:
    // Without `into`, descriptors that come along are closed by the kernel.
    unix_datagram_receive(shard& here, target& on, const areas& memory,
                          passed_descriptors* into) noexcept
        : message_operation(here, direction::reading, on, memory, MSG_CMSG_CLOEXEC | MSG_TRUNC),
          into_(into) {}

    void dress(msghdr& header) noexcept;
    result<local_datagram> decode(std::int32_t outcome) const noexcept;

private:
    passed_descriptors* into_;
    sockaddr_storage from_;
};

}  // namespace pelton
