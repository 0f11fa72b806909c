// One echo server in a process of its own, on a core of its own.
#pragma once

#include <pelton/bench/echo/server.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace pelton::bench::echo {

class server_process {
public:
    // Forks; the child runs `serve` on core `core` until it is ended. Returns once it listens.
    // Throws std::system_error.
    server_process(const std::function<void(const serving&)>& serve, unsigned connections,
                   std::size_t request_bytes, unsigned core);
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process();

    pid_t id() const { return id_; }
    std::uint16_t port() const { return port_; }

private:
    pid_t id_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace pelton::bench::echo
