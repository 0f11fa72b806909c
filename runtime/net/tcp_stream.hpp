// A TCP connection on a shard: bytes in order, both ways, out of areas and leases.
//
//   auto peer = co_await pelton::tcp_stream::connect(here, pelton::endpoint::loopback(7000));
//   auto sent = co_await peer->send_all(pelton::areas::for_write("hello\n"));
//   auto answer = co_await peer->receive();              // a lease on what arrived
//
// One receive and one send may be pending at the same time. Two receives, or two sends, interleave:
// let one task read and one write. The areas and the memory of an operation must outlive its await;
// so must the stream, which checks that.
//
// A stop request ends a pending operation with ECANCELED and leaves the stream usable. No byte is
// lost by it: what the kernel had taken in or sent by then is what the operation yields instead.
//
// Thread: the shard's. A stream that moves, dies or is closed while operations on it are pending
// ends the process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace pelton {

// Which direction of a connection ends.
enum class half : std::uint8_t {
    receiving = SHUT_RD,
    sending = SHUT_WR,
    both = SHUT_RDWR,
};

struct stream_options {
    stream_options() noexcept = default;

    // The run that receive() without areas takes from the shard's pool, at least 1. A connection
    // that waits for its peer holds one, so the pool should have as many for each.
    unsigned receive_pages = 4;
};

// What TCP connections and the streams of unix sockets have in common.
class [[nodiscard]] stream_socket {
public:
    // Takes over a connected socket.
    stream_socket(shard& here, int descriptor, stream_options options) noexcept
        : home_(&here), receive_pages_(options.receive_pages), on_(descriptor) {}

    stream_socket(stream_socket&&) noexcept = default;
    stream_socket& operator=(stream_socket&& other) noexcept;
    // Closes; an error goes to the shard's error hook, since nobody else can be told.
    ~stream_socket() { drop(); }

    // Receives what there is, at least one byte, into `memory`; 0 when the peer ended the stream,
    // or when `memory` is empty. At most the first 1024 areas are filled. ECONNRESET, ETIMEDOUT
    // when the connection broke.
    socket_transfer receive(const areas& memory) noexcept {
        return socket_transfer(*home_, direction::reading, on_, memory);
    }

    // Receives what there is into a run of pages of the shard's pool, and yields a lease that shows
    // those bytes; an empty one when the peer ended the stream. Waits for pages while all are lent.
    task<result<lease>> receive();

    // Receives until `memory` is full. end_of_stream() when the peer ends the stream before that.
    // `moved`, if given, is always the bytes received so far, also when a stop request or an error
    // ends it in the middle; it must outlive the await. Without it nobody knows of those bytes.
    whole_socket_transfer receive_exactly(const areas& memory,
                                          std::size_t* moved = nullptr) noexcept {
        return whole_socket_transfer(*home_, direction::reading, on_, memory, moved);
    }

    // Sends what there is room for, at least one byte, of at most the first 1024 areas of `memory`.
    // Resumes when the bytes are in the kernel's hands, not when the peer has them. EPIPE or
    // ECONNRESET when the peer is gone; never a signal.
    socket_transfer send(const areas& memory) noexcept {
        return socket_transfer(*home_, direction::writing, on_, memory);
    }

    // Sends all of `memory`, or fails. `moved` as above: the bytes sent so far.
    whole_socket_transfer send_all(const areas& memory, std::size_t* moved = nullptr) noexcept {
        return whole_socket_transfer(*home_, direction::writing, on_, memory, moved);
    }

    // shutdown(2): ends one direction or both, at once. The peer sees the end of the stream after
    // what was sent; a receive pending here sees it too. ENOTCONN when the peer has reset it.
    result<void> shutdown(half which) noexcept;

    // Closes, also when a stop was asked for, and reports what close(2) did. shutdown() is for the
    // task that wants to end what another waits for.
    close_operation close() noexcept { return close_operation(*home_, on_.release()); }

    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }

protected:
    shard* home_;
    unsigned receive_pages_;
    target on_;

private:
    void drop() noexcept;
};

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
