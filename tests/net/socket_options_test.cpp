#include "unix_fixture.hpp"

#include <pelton/runtime/net/udp_socket.hpp>
#include <pelton/runtime/net/unix_stream.hpp>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

// What every kind of socket has.
void check_common(const socket_options& of) {
    const auto granted = of.set_receive_buffer(10'000).value();
    CHECK(granted >= 10'000);
    CHECK(of.receive_buffer().value() == granted);
    const auto sending = of.set_send_buffer(20'000).value();
    CHECK(sending >= 20'000);
    CHECK(of.send_buffer().value() == sending);
    // More than the system allows is cut down, and the caller is told.
    CHECK(of.set_send_buffer(std::size_t{1} << 40).value() < std::size_t{1} << 40);

    CHECK_FALSE(of.linger().value());
    REQUIRE(of.set_linger(3s));
    CHECK(of.linger().value() == 3s);
    REQUIRE(of.set_linger(0s));
    CHECK(of.linger().value() == 0s);
    REQUIRE(of.set_linger(std::nullopt));
    CHECK_FALSE(of.linger().value());

    REQUIRE(of.set_priority(5));
    CHECK(of.priority().value() == 5);
    REQUIRE(of.set_reuse_address(true));
    CHECK(of.reuse_address().value());
    CHECK(of.busy_poll().value() >= 0us);
    CHECK_FALSE(of.take_error().value());
}

void check_ip(const ip_options& of) {
    REQUIRE(of.set_type_of_service(0x28));
    CHECK(of.type_of_service().value() == 0x28);
    REQUIRE(of.set_hops(7));
    CHECK(of.hops().value() == 7);
    CHECK(of.set_hops(256).error() == std::errc::invalid_argument);
    REQUIRE(of.set_reuse_port(true));
    CHECK(of.reuse_port().value());
    REQUIRE(of.set_incoming_cpu(0));
    CHECK(of.incoming_cpu().value() == 0);
}

}  // namespace

TEST_CASE("options that are set are what the kernel says when it is asked, for every socket") {
    on_shard([](shard& here) -> task<> {
        auto tcp = co_await connected(here);
        check_common(tcp.client.options());
        check_ip(tcp.client.options());
        const auto udp = udp_socket::bind(here, endpoint::loopback(0)).value();
        check_common(udp.options());
        check_ip(udp.options());
        REQUIRE(udp.options().set_broadcast(true));
        CHECK(udp.options().broadcast().value());
        REQUIRE(udp.options().set_merging(true));
        CHECK(udp.options().merging().value());
        const auto ends = unix_stream::pair(here).value();
        check_common(ends.first.options());
        if (auto v6 = udp_socket::bind(here, endpoint::loopback_v6(0))) {
            check_ip(v6->options());
            REQUIRE(v6->options().set_multicast_hops(3));
            CHECK(v6->options().multicast_hops().value() == 3);
            REQUIRE(v6->options().set_multicast_loop(false));
            CHECK_FALSE(v6->options().multicast_loop().value());
        }
    });
}

TEST_CASE("the options of TCP are set and asked") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto of = pair.client.options();
        CHECK_FALSE(of.no_delay().value());
        REQUIRE(pair.client.set_no_delay(true));
        CHECK(of.no_delay().value());
        CHECK_FALSE(of.keep_alive().value());
        const keep_alive times(30s, 5s, 3);
        REQUIRE(of.set_keep_alive(times));
        CHECK(of.keep_alive().value() == times);
        REQUIRE(of.set_keep_alive(std::nullopt));
        CHECK_FALSE(of.keep_alive().value());
        CHECK(of.set_keep_alive(keep_alive(0s, 5s, 3)).error() == std::errc::invalid_argument);
        CHECK_FALSE(of.keep_alive().value());
        REQUIRE(of.set_user_timeout(1500ms));
        CHECK(of.user_timeout().value() == 1500ms);
        REQUIRE(of.set_quick_ack(false));
        CHECK_FALSE(of.quick_ack().value());
        REQUIRE(of.set_quick_ack(true));
        CHECK(of.quick_ack().value());
        REQUIRE(of.set_cork(true));
        CHECK(of.cork().value());
        REQUIRE(of.set_unsent_limit(16'384));
        CHECK(of.unsent_limit().value() == 16'384);
    });
}

TEST_CASE("a connection inherits what was set on the listener") {
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const keep_alive times(40s, 6s, 4);
        REQUIRE(door.options().set_no_delay(true));
        REQUIRE(door.options().set_keep_alive(times));
        const auto client = co_await tcp_stream::connect(here, door.local().value());
        CHECK(client);
        const auto server = co_await door.accept();
        CHECK(server.value().options().no_delay().value());
        CHECK(server->options().keep_alive().value() == times);
    });
}

TEST_CASE("IPv6 alone is asked for before a socket is bound, and is none of IPv4's options") {
    on_shard([](shard& here) -> task<> {
        const auto v4 = udp_socket::bind(here, endpoint::loopback(0)).value();
        CHECK_FALSE(v4.options().set_v6_only(true));
        datagram_options alone;
        alone.v6_only = true;
        const auto v6 = udp_socket::bind(here, endpoint::any(0), alone);
        if (v6) {
            CHECK(v6->options().v6_only().value());
            const auto both = udp_socket::bind(here, endpoint::any(0)).value();
            CHECK_FALSE(both.options().v6_only().value());
            // Its port is free for IPv4.
            CHECK(udp_socket::bind(here, endpoint::any_v4(v6->local().value().port())));
        }
        co_return;
    });
}

TEST_CASE("linger of zero makes close() reset the connection") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        REQUIRE(pair.client.options().set_linger(0s));
        const auto closed = co_await pair.client.close();
        CHECK(closed);
        const auto got = co_await pair.server.receive();
        CHECK(got.error() == std::errc::connection_reset);
        CHECK_FALSE(pair.server.options().take_error().value());
    });
}
