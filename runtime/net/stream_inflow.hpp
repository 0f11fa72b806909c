// What a connection sends, one lease after the other, by one operation of the kernel's.
//
//   auto coming = client.inflow();
//   for (;;) {
//       auto got = co_await coming.next();
//       if (!got || got->empty()) break;
//       ...
//   }
//
// The kernel receives on between two calls of next(), at most stream_options::pages_ahead; after
// that, and while no pages are to be had, the peer is made to wait. Where it has no multishot
// receive, or the shard has no record left for one, next() is stream_socket::receive().
//
// Left early, the operation is cancelled. Bytes that it had taken from the socket by then, or still
// takes, are what the stream's receives yield first, those into areas by a copy. When the stream
// goes too their pages go home.
//
// Thread: the shard's. The stream outlives it, and stays where it is meanwhile.
#pragma once

#include <pelton/runtime/net/stream_socket.hpp>
#include <pelton/runtime/op/receive.hpp>
#include <pelton/runtime/op/target.hpp>

namespace pelton {

class [[nodiscard]] stream_inflow {
public:
    explicit stream_inflow(stream_socket& from) noexcept : from_(from), counted_(from.on_) {}
    stream_inflow(const stream_inflow&) = delete;
    stream_inflow& operator=(const stream_inflow&) = delete;
    ~stream_inflow() {
        if (from_.arriving_ != nullptr) {
            from_.arriving_->close_door();
        }
    }

    // What came next; an empty lease when the peer ended the stream. A stop request yields
    // ECANCELED and loses nothing: the next call goes on where this one was.
    receive_operation next() noexcept {
        return receive_operation(*from_.home_, from_.source(SIZE_MAX, true));
    }

private:
    stream_socket& from_;
    target::use counted_;
};

}  // namespace pelton
