// Echo servers under the same load: whatever a connection sends comes back.
//
// Each listens on 127.0.0.1, on a port it tells by `announce`, and serves with one thread until the
// process is ended. `connections` is how many there will be at most, for sizing buffers.
#pragma once

#include <pelton/runtime/ring/feature.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace pelton::bench::echo {

struct serving {
    unsigned connections;
    std::size_t request_bytes;
    std::function<void(std::uint16_t port)> announce;
};

// A listening socket, already announced, whose connections are TCP_NODELAY. Throws
// std::system_error.
int listen_somewhere(const serving& s);

// io_uring by hand, with direct descriptors and multishot accept. Which way of receiving is the
// faster depends on the load, so both are here: multishot into a provided buffer ring, and one
// receive at a time into a buffer of the connection's own.
void serve_raw_multishot(const serving& s);
void serve_raw_single_shot(const serving& s);

// Asio with C++20 coroutines on epoll, single-threaded locks off, executors not type-erased; and
// the same on io_uring, by a program that takes this process over.
void serve_asio(const serving& s);
bool asio_is_built_in();
void serve_asio_on_io_uring(const serving& s);
bool asio_on_io_uring_is_built();

// Coroutines, one for each connection, which send on the lease that their inflow yields. The second
// way pretends that the kernel lacks some features.
void serve_pelton(const serving& s);
void serve_pelton_without(const feature_set& masked, const serving& s);

}  // namespace pelton::bench::echo
