#include <pelton/bench/echo/server_process.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>

namespace pelton::bench::echo {
int listen_somewhere(const serving& s) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) throw_failed_call(errno, "socket");
    const int on = 1;  // accepted sockets inherit it
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(where);
    if (bind(descriptor, reinterpret_cast<sockaddr*>(&where), length) != 0 ||
        listen(descriptor, 1024) != 0 ||
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&where), &length) != 0) {
        throw_failed_call(errno, "listen on 127.0.0.1");
    }
    s.announce(ntohs(where.sin_port));
    return descriptor;
}

server_process::server_process(const std::function<void(const serving&)>& serve,
                               unsigned connections, std::size_t request_bytes, unsigned core) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw_failed_call(errno, "pipe to an echo server");
    id_ = fork();
    if (id_ < 0) throw_failed_call(errno, "fork of an echo server");
    if (id_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        stay_on_core(core);
        close(ends[0]);
        const auto announce = [&](std::uint16_t port) {
            if (write(ends[1], &port, sizeof(port)) != sizeof(port)) _exit(1);
            close(ends[1]);
        };
        try {
            serve({connections, request_bytes, announce});
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "an echo server ended: %s\n", failure.what());
        }
        _exit(1);
    }
    close(ends[1]);
    const ssize_t told = read(ends[0], &port_, sizeof(port_));
    close(ends[0]);
    if (told != sizeof(port_)) throw_failed_call(ECHILD, "start of an echo server");
}

server_process::~server_process() {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
}

}  // namespace pelton::bench::echo
