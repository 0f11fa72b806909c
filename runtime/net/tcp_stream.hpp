// A TCP connection on a shard: bytes in order, both ways, out of areas and leases.
//
//   auto peer = co_await pelton::tcp_stream::connect(here, pelton::endpoint::loopback(7000));
//   auto sent = co_await peer->send_all(pelton::areas::for_write("hello\n"));
//   auto answer = co_await peer->receive();              // a lease on what arrived
//
// What can be done with it, and what holds for pending operations, is in stream_socket.hpp.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/net/stream_socket.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelton {

class [[nodiscard]] tcp_stream : public stream_socket {
public:
    using stream_socket::stream_socket;

    // Connects. The errors are those of socket(2) and connect(2): ECONNREFUSED, ETIMEDOUT after the
    // system's patience, ECANCELED. Nothing is left open after one.
    static task<result<tcp_stream>> connect(shard& here, endpoint to, stream_options options = {});

    // TCP_NODELAY: small sends leave at once instead of being gathered while an answer is due.
    result<void> set_no_delay(bool on) noexcept;

    tcp_options options() const noexcept { return tcp_options(*home_, descriptor()); }

    result<endpoint> local() const noexcept;
    result<endpoint> peer() const noexcept;
};

}  // namespace pelton
