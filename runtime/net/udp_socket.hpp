// A UDP socket on a shard: datagrams to and from endpoints, out of areas.
//
//   auto socket = pelton::udp_socket::bind(here, pelton::endpoint::any(5353));
//   auto got = co_await socket->receive(*pages);         // got->bytes of *pages, from got->from
//   auto sent = co_await socket->send_to(pages->first(got->bytes), got->from);
//
// inflow() yields one datagram after the other by one operation of the kernel's (udp_inflow.hpp).
//
// A datagram arrives whole or not at all. One that is larger than the memory given is an error,
// never a shorter datagram. Any number of sends and receives may be pending; each takes one
// datagram. The areas and the memory of an operation must outlive its await; so must the socket,
// which checks that.
//
// A stop request ends a pending operation with ECANCELED and leaves the socket usable; a datagram
// that arrived with it is yielded instead.
//
// Thread: the shard's. A socket that moves, dies or is closed while operations on it are pending
// ends the process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/op/datagrams.hpp>
#include <pelton/runtime/op/message.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace pelton {

class udp_inflow;

// In the control data of what was received: how long each of several merged datagrams is, or 0 for
// a single one. `bytes` came in all.
std::size_t merged_length(const msghdr& header, std::size_t bytes) noexcept;

// What was received.
struct datagram {
    datagram() noexcept = default;

    // Of the memory given, from its start. 0 for an empty datagram.
    std::size_t bytes = 0;

    // Who sent it. An IPv4 peer is told as one, also by a socket of both families.
    endpoint from;

    // Not 0 when the kernel merged several datagrams of this sender (udp_options::set_merging):
    // each is this long, the last one perhaps shorter.
    std::size_t segment_bytes = 0;
};

class udp_receive final : public message_operation<udp_receive, datagram> {
public:
    udp_receive(shard& here, target& on, const areas& memory) noexcept
        : message_operation(here, direction::reading, on, memory, MSG_TRUNC) {}

    void dress(msghdr& header) noexcept;
    result<datagram> decode(std::int32_t outcome) const noexcept;

private:
    static constexpr std::size_t control_room = 64;  // the length of merged segments, and spare

    sockaddr_storage from_;
    alignas(cmsghdr) std::array<std::byte, control_room> control_;
};

class udp_send final : public message_operation<udp_send, std::size_t> {
public:
    // Without `to`, to the peer of connect(). With `segment_bytes`, as datagrams of that length.
    udp_send(shard& here, target& on, const areas& memory, const std::optional<endpoint>& to,
             std::uint16_t segment_bytes = 0) noexcept
        : message_operation(here, direction::writing, on, memory, MSG_NOSIGNAL),
          to_(to),
          segment_bytes_(segment_bytes) {}

    void dress(msghdr& header) noexcept;
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    std::optional<endpoint> to_;
    std::uint16_t segment_bytes_;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> control_;
};

struct datagram_options {
    datagram_options() noexcept = default;

    // SO_REUSEPORT: several sockets share the address, each sender's datagrams go to one of them.
    bool reuse_port = false;

    // SO_REUSEADDR: several sockets share it, each gets what is sent to a group or by broadcast.
    bool reuse_address = false;

    // A socket of an IPv6 wildcard address takes IPv4 too unless this is set.
    bool v6_only = false;
};

struct udp_inflow_options {
    udp_inflow_options() noexcept = default;

    // The longest datagram, which its pages are lent for; 65535 for a socket that merges. A short
    // one keeps no more of them than it needs.
    std::size_t bytes_max = 2048;

    // How many datagrams may lie ready before somebody takes them; then they wait in the socket,
    // which drops what its receive buffer has no room for. A quarter of the pool at most, and half
    // of it for all that lies ready on the shard: beyond that next() receives one at a time.
    std::size_t ahead = 64;
};

class [[nodiscard]] udp_socket : public arriving_socket<datagrams> {
public:
    // Receives at `where`; endpoint::any(0) or any_v4(0) for a socket that begins by sending, which
    // sends to both families or to IPv4. EADDRINUSE, EACCES and whatever else socket(2) and bind(2)
    // say. Where the machine has no IPv6, endpoint::any() becomes any_v4().
    static result<udp_socket> bind(shard& here, const endpoint& where,
                                   const datagram_options& options = {}) noexcept;

    // From now on send() goes to `peer` and only what it sends is received; what waits already is
    // received all the same. ECONNREFUSED from a later operation says that nobody receives there:
    // without a connection nobody tells. `peer` must outlive the await. Again for another peer.
    connect_operation connect(const endpoint& peer) noexcept {
        return connect_operation(*home_, on_, peer.address(), peer.bytes());
    }

    // Receives the next datagram into `memory`, at most 1024 areas (EMSGSIZE). One that does not
    // fit fills it and yields truncated_datagram(). ECONNREFUSED when what was sent to the
    // connected peer met nobody: the socket is still good.
    udp_receive receive(const areas& memory) noexcept { return udp_receive(*home_, on_, memory); }

    // A series of receives into pages of the shard's. The socket outlives it and stays where it is
    // meanwhile. One at a time, and no receive() beside it: each takes what comes first.
    udp_inflow inflow(const udp_inflow_options& options = {}) noexcept;

    // Sends `memory` as one datagram; no bytes make an empty one. Resumes when the kernel has it;
    // nobody knows whether it arrives. EMSGSIZE above 65507 bytes (IPv4) or 1024 areas,
    // ECONNREFUSED as above, EACCES for a broadcast that is not allowed, EDESTADDRREQ without a
    // peer.
    udp_send send(const areas& memory) noexcept {
        return udp_send(*home_, on_, memory, std::nullopt);
    }
    udp_send send_to(const areas& memory, const endpoint& to) noexcept {
        return udp_send(*home_, on_, memory, to);
    }

    // Sends `memory` as datagrams of `segment_bytes` bytes, 1 to 65507, the last one of what is
    // left, and yields the bytes sent. Many leave in one operation where the device can cut them
    // (UDP_SEGMENT), else each in its own. To `to`, or to the peer of connect(). After an error,
    // `moved`, if given, says how many bytes were sent; it must outlive the await.
    task<result<std::size_t>> send_segments(areas memory, std::size_t segment_bytes,
                                            std::optional<endpoint> to = std::nullopt,
                                            std::size_t* moved = nullptr);

    udp_options options() const noexcept { return udp_options(*home_, descriptor()); }

    result<endpoint> local() const noexcept;

private:
    friend class udp_inflow;

    udp_socket(shard& here, int descriptor) noexcept : arriving_socket(here, descriptor) {}
    static result<udp_socket> try_bind(shard& here, const endpoint& where,
                                       const datagram_options& options) noexcept;
};

}  // namespace pelton
