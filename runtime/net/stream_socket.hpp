// What streams of every kind have in common, TCP connections and those of unix sockets: bytes in
// order, both ways, out of areas and leases.
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
#include <pelton/buffers/lease_list.hpp>
#include <pelton/runtime/net/detached_stream.hpp>
#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/op/receive.hpp>
#include <pelton/runtime/op/receive_into.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>
#include <pelton/runtime/op/zero_copy.hpp>
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

    // The run that receive() without areas takes from the shard's pool once there is something to
    // receive, at least 1, on kernels that cannot pick pages by themselves.
    unsigned receive_pages = 4;

    // A lease of at least so many bytes is sent without a copy, where the kernel can (Linux 6.0),
    // and so are the leases of a list if the next eight together have as many (6.1). Never by
    // default: over loopback, and between network namespaces, the kernel copies all the same, and
    // it costs more below 1 MiB and from there on less on some machines (bench/README.md,
    // zerocopy). From which size on it pays with a network card is to be measured with that card.
    std::size_t zero_copy_bytes = SIZE_MAX;

    // How many pages an inflow may fill before somebody takes what is in them.
    std::size_t pages_ahead = 64;
};

class stream_inflow;

// What TCP connections and the streams of unix sockets have in common.
class [[nodiscard]] stream_socket : public arriving_socket<arrivals> {
public:
    // Takes over a connected socket.
    stream_socket(shard& here, int descriptor, stream_options options) noexcept
        : arriving_socket(here, descriptor), options_(options) {}

    // Takes over a connection that another shard has given up.
    stream_socket(shard& here, detached_stream from, stream_options options = {}) noexcept
        : stream_socket(here, from.release(), options) {}

    // Receives what there is, at least one byte, into `memory`; 0 when the peer ended the stream,
    // or when `memory` is empty. At most the first 1024 areas are filled. ECONNRESET, ETIMEDOUT
    // when the connection broke.
    receive_into<socket_transfer> receive(const areas& memory) noexcept {
        return {arriving_, *home_, direction::reading, on_, memory};
    }

    // Receives what there is, and yields a lease that shows those bytes; an empty one when the peer
    // ended the stream. While it waits it holds no pages: the kernel picks them from the shard's
    // when there is something to receive (shard_options::receive_pages). While all are lent it
    // waits for some to come home, and the peer is made to wait. The lease is the caller's for as
    // long as it likes.
    receive_operation receive() noexcept { return receive_at_most(SIZE_MAX); }
    // The same, at most `bytes_max` bytes of it, at least 1.
    receive_operation receive_at_most(std::size_t bytes_max) noexcept {
        return receive_operation(*home_, source(bytes_max, false));
    }

    // A series of receives, in one operation of the kernel's where it can (Linux 6.0). The stream
    // outlives it and stays where it is meanwhile.
    stream_inflow inflow() noexcept;

    // Receives until `memory` is full. end_of_stream() when the peer ends the stream before that.
    // `moved`, if given, is always the bytes received so far, also when a stop request or an error
    // ends it in the middle; it must outlive the await. Without it nobody knows of those bytes.
    receive_into<whole_socket_transfer> receive_exactly(const areas& memory,
                                                        std::size_t* moved = nullptr) noexcept {
        return {arriving_, *home_, direction::reading, on_, memory, moved};
    }

    // Receives exactly `bytes` bytes and yields the leases they lie in, as receive() does: to be
    // written to a file from where they landed, say. end_of_stream() and `moved` as above, but what
    // had been received is gone when an error ends it.
    task<result<lease_list>> receive_exactly(std::size_t bytes, std::size_t* moved = nullptr);

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

    // The same for what a lease shows, or several. From stream_options::zero_copy_bytes on the
    // kernel reads the pages until the peer has acknowledged them; it has leases of its own on them
    // until then, so these may be dropped, and the pages must not be written to.
    lease_send send_all(const lease& pages, std::size_t* moved = nullptr) noexcept {
        return lease_send(*home_, on_, pages, moved, options_.zero_copy_bytes);
    }
    lease_send send_all(const lease_list& pages, std::size_t* moved = nullptr) noexcept {
        return lease_send(*home_, on_, pages, moved, options_.zero_copy_bytes);
    }

    // shutdown(2): ends one direction or both, at once. The peer sees the end of the stream after
    // what was sent; a receive pending here sees it too. ENOTCONN when the peer has reset it. For
    // the task that wants to end what another waits for, which close() is not.
    result<void> shutdown(half which) noexcept;

    // Gives the connection up, so that another shard can take it over. Ends the process when an
    // operation on it is pending, or an inflow, whose bytes would stay behind.
    detached_stream detach() && noexcept {
        check(arriving_ == nullptr, "a stream was detached while an inflow receives from it");
        return detached_stream(*home_, on_.release());
    }

protected:
    friend class stream_inflow;
    receive_from source(std::size_t bytes_max, bool multishot) noexcept {
        return {.on = on_,
                .arriving = arriving_,
                .pages = options_.receive_pages,
                .bytes_max = bytes_max,
                .multishot = multishot,
                .pages_ahead = options_.pages_ahead};
    }

    stream_options options_;
};

}  // namespace pelton
