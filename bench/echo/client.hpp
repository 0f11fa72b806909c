// The load: a fixed number of connections, each with one request on its way at a time.
//
// io_uring by hand, direct descriptors, one send for each request, no CQE for a send that went
// well, multishot receives into a buffer ring. It sleeps until an eighth of the answers are there,
// so that a request costs it less than it costs the server. Every answer is compared with its
// request.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace pelton::bench::echo {

struct load {
    std::uint16_t port;
    unsigned connections;
    std::size_t request_bytes;
    double warm_up;  // seconds before the count begins
    double seconds;
    pid_t server;
};

struct load_outcome {
    double requests;
    double wall;
    double server_cpu;     // seconds of the server's process in the same window
    double server_waited;  // seconds in which other work kept the server from running
    double client_cpu;     // the same two of this process
    double client_waited;
    double p50_us;
    double p99_us;
};

// Connects, runs, closes. Ends the process when an answer is wrong. Throws std::system_error.
load_outcome run_load(const load& l);

}  // namespace pelton::bench::echo
