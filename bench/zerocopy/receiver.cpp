#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/zerocopy/receiver.hpp>
#include <pelton/bench/zerocopy/veth_pair.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <thread>
#include <vector>

namespace pelton::bench::zerocopy {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

// What listen_on() tells the process.
struct place {
    char device[16];
    char address[32];
};

// Whole, or the other side has gone.
bool read_whole(int from, void* into, std::size_t bytes, int flags) {
    return recv(from, into, bytes, flags | MSG_WAITALL) == static_cast<ssize_t>(bytes);
}

void compare(const std::vector<std::byte>& piece, std::size_t bytes, std::uint64_t at,
             const order& what) {
    for (std::size_t i = 0; i < bytes; ++i) {
        const auto message = (at + i) / what.message_bytes;
        const auto offset = (at + i) % what.message_bytes;
        check(piece[i] == byte_of(static_cast<unsigned>(message % variants), offset),
              "a byte that was sent arrived as another");
    }
}

// Orders of one connection, until it ends.
void take_orders(int connection) {
    std::vector<std::byte> piece(piece_bytes);
    order what{};
    while (read_whole(connection, &what, sizeof(what), 0)) {
        for (std::uint64_t at = 0; at < what.bytes;) {
            const auto most = std::min<std::uint64_t>(what.bytes - at, piece.size());
            const int flags = what.compared != 0 ? 0 : MSG_TRUNC;
            const auto got = recv(connection, piece.data(), most, flags);
            check(got > 0, "a sender went in the middle of an order");
            if (what.compared != 0) compare(piece, static_cast<std::size_t>(got), at, what);
            at += static_cast<std::uint64_t>(got);
        }
        if (send(connection, "!", 1, MSG_NOSIGNAL) != 1) break;
    }
    close(connection);
}

int listen_anywhere(std::uint16_t& port) {
    const int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (door < 0) throw_failed_call(errno, "socket");
    sockaddr_in where{};
    where.sin_family = AF_INET;
    socklen_t length = sizeof(where);
    if (bind(door, reinterpret_cast<sockaddr*>(&where), length) != 0 || listen(door, 8) != 0 ||
        getsockname(door, reinterpret_cast<sockaddr*>(&where), &length) != 0) {
        throw_failed_call(errno, "listen");
    }
    port = ntohs(where.sin_port);
    return door;
}

[[noreturn]] void receive_for_ever(int control) {
    place where{};
    if (!read_whole(control, &where, sizeof(where), 0)) _exit(1);
    std::uint16_t port = 0;
    const bool has_device = where.device[0] != 0;
    if (has_device && !set_up_device(where.device, where.address)) _exit(1);
    const int door = listen_anywhere(port);
    if (send(control, &port, sizeof(port), MSG_NOSIGNAL) != sizeof(port)) _exit(1);
    for (;;) {
        const int connection = accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) throw_failed_call(errno, "accept");
        std::thread(take_orders, connection).detach();
    }
}

}  // namespace

receiver::receiver(unsigned core, bool own_namespace) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw_failed_call(errno, "socketpair to a receiver");
    }
    id_ = fork();
    if (id_ < 0) throw_failed_call(errno, "fork of a receiver");
    if (id_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        stay_on_core(core);
        close(ends[0]);
        const char refused = own_namespace && unshare(CLONE_NEWNET) != 0 ? 1 : 0;
        if (send(ends[1], &refused, 1, MSG_NOSIGNAL) != 1) _exit(1);
        try {
            receive_for_ever(ends[1]);
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "a receiver ended: %s\n", failure.what());
        }
        _exit(1);
    }
    close(ends[1]);
    control_ = ends[0];
    char refused = 1;
    if (!read_whole(control_, &refused, 1, 0) || refused != 0) {
        close(control_);
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
        throw_failed_call(EPERM, "unshare of a network namespace");
    }
}

receiver::~receiver() {
    close(control_);
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
}

std::uint16_t receiver::listen_on(const std::string& device, const std::string& address) {
    place where{};
    device.copy(where.device, sizeof(where.device) - 1);
    address.copy(where.address, sizeof(where.address) - 1);
    std::uint16_t port = 0;
    const bool told = send(control_, &where, sizeof(where), MSG_NOSIGNAL) == ssize_t{sizeof(where)};
    return told && read_whole(control_, &port, sizeof(port), 0) ? port : 0;
}

}  // namespace pelton::bench::zerocopy
