// A unix socket for datagrams: in order and never lost, between processes of one machine, with
// descriptors if wanted.
//
// A datagram arrives whole or not at all; one that is larger than the memory given is an error. A
// send waits while the receiver's queue is full (net.unix.max_dgram_qlen). Any number of sends and
// receives may be pending. The areas, addresses and memory of an operation must outlive its await;
// so must the socket, which checks that.
//
// A stop request ends a pending operation with ECANCELED and leaves the socket usable; a datagram
// that arrived with it is yielded instead.
//
// Thread: the shard's.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/net/passed_descriptors.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/net/unix_address.hpp>
#include <pelton/runtime/net/unix_message.hpp>
#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <span>
#include <utility>

namespace pelton {

class [[nodiscard]] unix_datagram : public owned_socket {
public:
    // Receives at `where`; without a name, nobody can answer it. EADDRINUSE when a file is there,
    // also one that an earlier process left behind: remove it first.
    static result<unix_datagram> bind(shard& here, const unix_address& where = {}) noexcept;

    // Two sockets connected with each other.
    static result<std::pair<unix_datagram, unix_datagram>> pair(shard& here) noexcept;

    // From now on send() goes to `peer`, which must outlive the await, and only its datagrams come.
    connect_operation connect(const unix_address& peer) noexcept {
        return connect_operation(*home_, on_, peer.address(), peer.bytes());
    }

    // Receives the next datagram into `memory`, at most 1024 areas (EMSGSIZE). One that does not
    // fit fills it and yields truncated_datagram(). With `into`, descriptors that come along are
    // put there, also then; descriptors_lost() when this process had too few free.
    unix_datagram_receive receive(const areas& memory) noexcept {
        return unix_datagram_receive(*home_, on_, memory, nullptr);
    }
    unix_datagram_receive receive_with(const areas& memory, passed_descriptors& into) noexcept {
        return unix_datagram_receive(*home_, on_, memory, &into);
    }

    // Sends `memory` as one datagram, no bytes as an empty one, with copies of at most 253
    // descriptors. ECONNREFUSED or ENOENT when nobody receives there, EMSGSIZE above the send
    // buffer's size or 1024 areas, EINVAL for more descriptors.
    unix_send send(const areas& memory, std::span<const int> descriptors = {}) noexcept {
        return unix_send(*home_, on_, memory, nullptr, descriptors);
    }
    unix_send send_to(const areas& memory, const unix_address& to,
                      std::span<const int> descriptors = {}) noexcept {
        return unix_send(*home_, on_, memory, &to, descriptors);
    }

    unix_options options() const noexcept { return unix_options(*home_, descriptor()); }

    result<unix_address> local() const noexcept;

private:
    unix_datagram(shard& here, int descriptor) noexcept : owned_socket(here, descriptor) {}
};

}  // namespace pelton
