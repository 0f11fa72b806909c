// A stream over a unix socket: bytes in order, both ways, and descriptors with them.
//
//   auto ends = pelton::unix_stream::pair(here);
//   const std::array passed{file.descriptor()};
//   auto sent = co_await ends->first.send_with(pelton::areas::for_write("f"), passed);
//   pelton::passed_descriptors came(here);
//   auto got = co_await ends->second.receive_with(memory, came);
//
// What stream_socket.hpp says about pending operations, stop requests and lifetimes holds here.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/net/passed_descriptors.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/net/stream_socket.hpp>
#include <pelton/runtime/net/unix_address.hpp>
#include <pelton/runtime/net/unix_message.hpp>

#include <span>
#include <utility>

namespace pelton {

class [[nodiscard]] unix_stream : public stream_socket {
public:
    using stream_socket::stream_socket;

    // Connects. The errors are those of socket(2) and connect(2): ENOENT when nothing has that
    // name, ECONNREFUSED when nobody listens there. Waits while the listener's backlog is full.
    // Nothing is left open after an error.
    static task<result<unix_stream>> connect(shard& here, unix_address to,
                                             stream_options options = {});

    // Two streams connected with each other.
    static result<std::pair<unix_stream, unix_stream>> pair(shard& here,
                                                            stream_options options = {}) noexcept;

    // Sends at least one byte of `memory`, and with it copies of the descriptors, at most 253. The
    // descriptors go with the first byte: what is left of `memory` is for send_all(). EINVAL for
    // more descriptors or for no bytes, EBADF, ETOOMANYREFS. The array must outlive the await.
    unix_send send_with(const areas& memory, std::span<const int> descriptors) noexcept {
        return unix_send(*home_, on_, memory, descriptors);
    }

    // Receives what there is, at least one byte, and the descriptors that came with those bytes; 0
    // at the end of the stream. The kernel never joins bytes that carry descriptors with bytes
    // after them. descriptors_lost() when this process had too few free: into.bytes() bytes came
    // all the same. EBUSY while an inflow is open, or has left bytes that come first. A receive
    // without `into` lets the kernel close what comes.
    unix_receive receive_with(const areas& memory, passed_descriptors& into) noexcept {
        return unix_receive(*home_, on_, memory, into, arriving_ != nullptr);
    }

    unix_options options() const noexcept { return unix_options(*home_, descriptor()); }

    result<unix_address> local() const noexcept;
    result<unix_address> peer() const noexcept;
};

}  // namespace pelton
