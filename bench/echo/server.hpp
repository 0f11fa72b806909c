// Echo servers under the same load: whatever a connection sends comes back.
//
// Each serves on 127.0.0.1, one thread, until the process is ended. `listener` is a bound,
// listening TCP socket. `connections` is how many there will be at most, for sizing buffers.
#pragma once

#include <cstddef>

namespace pelton::bench::echo {

struct serving {
    int listener;
    unsigned connections;
    std::size_t request_bytes;
};

// io_uring by hand: multishot accept and receive, direct descriptors, a provided buffer ring.
void serve_raw(const serving& s);

// Asio with C++20 coroutines on epoll, single-threaded locks off, executors not type-erased.
void serve_asio(const serving& s);
bool asio_is_built_in();

void serve_pelton(const serving& s);

}  // namespace pelton::bench::echo
