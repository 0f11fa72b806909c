// What is asked of sockets: by the ring's commands, and by the calls they stand for.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "op/watching_ring.hpp"

#include <pelton/runtime/op/socket_command.hpp>

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

using namespace pelton;
using test::on_shard;

namespace {

struct way {
    std::string_view masked;
    via chosen;
    bool by_ring;
};
constexpr std::array<way, 3> ways{
    {{"", via::usual, false}, {"", via::ring, true}, {"socket_command", via::ring, false}}};

struct connection {
    test::descriptor client;
    test::descriptor server;
};

connection connect_tcp() {
    const test::descriptor door(test::required(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof(at);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    test::required(::bind(door.get(), address, bytes), "bind");
    test::required(::listen(door.get(), 1), "listen");
    test::required(::getsockname(door.get(), address, &bytes), "getsockname");
    test::descriptor client(test::required(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
    test::required(::connect(client.get(), address, bytes), "connect");
    test::descriptor server(test::required(::accept(door.get(), nullptr, nullptr), "accept"));
    return {std::move(client), std::move(server)};
}

// Whether URING_CMD was seen, which only the ring's way sends.
bool sent_command(const test::watching_ring& ring) {
    return std::ranges::any_of(
        ring.seen, [](const io_uring_sqe& one) { return one.opcode == abi::op_uring_cmd; });
}

template <class F>
void each_way(F&& main) {
    for (const auto& each : ways) {
        const std::string mask(each.masked);
        CAPTURE(mask);
        test::watching_ring ring;
        auto with = test::masked(mask);
        with.ring_kernel = &ring;
        bool known = true;
        on_shard(with, [&](shard& here) -> task<> {
            known = here.known().has(feature::socket_command);
            co_await main(here, each.chosen);
        });
        CHECK(sent_command(ring) == (each.by_ring && known));
    }
}

}  // namespace

TEST_CASE("bytes that were received and not read are counted") {
    each_way([](shard& here, via chosen) -> task<> {
        const auto both = connect_tcp();
        const auto incoming = socket_queue::incoming;
        CHECK(co_await socket_bytes(here, both.server.get(), incoming, chosen) == 0);
        test::required(static_cast<int>(::send(both.client.get(), "hello", 5, 0)), "send");
        char peeked = 0;
        test::required(static_cast<int>(::recv(both.server.get(), &peeked, 1, MSG_PEEK)), "recv");
        CHECK(co_await socket_bytes(here, both.server.get(), incoming, chosen) == 5);
    });
}

TEST_CASE("bytes that the peer has not acknowledged are counted") {
    each_way([](shard& here, via chosen) -> task<> {
        const auto both = connect_tcp();
        int small = 4096;
        ::setsockopt(both.server.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        const std::string much(1 << 20, 'x');
        while (::send(both.client.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
        }
        const auto waiting =
            co_await socket_bytes(here, both.client.get(), socket_queue::outgoing, chosen);
        REQUIRE(waiting.has_value());
        CHECK(*waiting > 0);
    });
}

TEST_CASE("options are set and read; one that the command does not know is read by the call") {
    each_way([](shard& here, via chosen) -> task<> {
        const auto both = connect_tcp();
        const int on = 1;
        CHECK((co_await set_socket_option(here, both.client.get(), SOL_SOCKET, SO_KEEPALIVE, on,
                                          chosen))
                  .has_value());
        CHECK((co_await set_socket_option(here, both.client.get(), IPPROTO_TCP, TCP_NODELAY, on,
                                          chosen))
                  .has_value());
        int value = 0;
        CHECK(co_await get_socket_option(here, both.client.get(), SOL_SOCKET, SO_KEEPALIVE, value,
                                         chosen) == sizeof(value));
        CHECK(value == 1);
        value = 0;
        CHECK(co_await get_socket_option(here, both.client.get(), IPPROTO_TCP, TCP_NODELAY, value,
                                         chosen) == sizeof(value));
        CHECK(value == 1);
    });
}

TEST_CASE("a socket whose family knows no such command answers by the call") {
    each_way([](shard& here, via chosen) -> task<> {
        const auto both = test::make_socket_pair();
        test::write_fully(both.in.get(), test::random_bytes(3, 1));
        CHECK(co_await socket_bytes(here, both.out.get(), socket_queue::incoming, chosen) == 3);
    });
}

TEST_CASE("what is not a socket is refused, by the ring and by the call") {
    each_way([](shard& here, via chosen) -> task<> {
        const auto both = test::make_pipe();
        const int on = 1;
        const auto set =
            co_await set_socket_option(here, both.in.get(), SOL_SOCKET, SO_KEEPALIVE, on, chosen);
        CHECK(set.error() == std::errc::not_a_socket);
    });
}
