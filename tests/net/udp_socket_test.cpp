#include "buffers/death.hpp"
#include "connection.hpp"

#include <pelton/runtime/net/udp_socket.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>

#include <net/if.h>

#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::array masks{"", "recvmsg", "sendmsg", "recvmsg,sendmsg"};

bool has_v6() {
    const int made = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto where = endpoint::loopback_v6(0);
    const bool has = made >= 0 && ::bind(made, where.address(), where.bytes()) == 0;
    ::close(made);
    return has;
}

// Each datagram goes there and back, whole, and both know whose it is.
task<> there_and_back(udp_socket& client, udp_socket& server, endpoint to, std::size_t bytes) {
    scattered from(bytes, bytes + 1);
    scattered into(bytes, bytes + 2);
    const auto data = random_bytes(bytes, bytes + 3);
    from.fill(data);
    const auto sent = co_await client.send_to(from.view(), to);
    CHECK(sent.value() == bytes);
    const auto got = co_await server.receive(into.view());
    REQUIRE(got);
    CHECK(got->bytes == bytes);
    CHECK(into.flat() == data);
    CHECK(got->from.port() == client.local().value().port());
    const auto back = co_await server.send_to(into.view(), got->from);
    CHECK(back.value() == bytes);
    const auto answer = co_await client.receive(from.view());
    CHECK(answer.value().from == to);
    CHECK(from.flat() == data);
}

}  // namespace

TEST_CASE("datagrams of IPv4 and IPv6 go there and back whole, from none to 65,507 bytes") {
    for (const char* mask : masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            for (const auto& where : {endpoint::loopback(0), endpoint::loopback_v6(0)}) {
                if (where.family() == AF_INET6 && !has_v6()) {
                    continue;
                }
                auto server = udp_socket::bind(here, where).value();
                auto client = udp_socket::bind(here, where).value();
                const auto to = server.local().value();
                for (const std::size_t bytes : {0U, 1U, 1000U, 1500U, 65'507U}) {
                    co_await there_and_back(client, server, to, bytes);
                }
            }
        });
    }
}

TEST_CASE("a socket of both families tells an IPv4 peer as one, and answers it") {
    on_shard([](shard& here) -> task<> {
        auto server = udp_socket::bind(here, endpoint::any(0)).value();
        auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
        const auto to = endpoint::loopback(server.local().value().port());
        co_await there_and_back(client, server, to, 10);
        const auto sent = co_await client.send_to(areas::for_write("x"), to);
        CHECK(sent);
        std::byte memory{};
        const auto got = co_await server.receive(std::span(&memory, 1));
        CHECK(got.value().from == client.local().value());
    });
}

TEST_CASE("a UDP datagram that does not fit is an error that tells its length") {
    for (const char* mask : masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto server = udp_socket::bind(here, endpoint::loopback(0)).value();
            auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
            const auto to = server.local().value();
            const std::vector<std::byte> data(1234);
            for (int i = 0; i < 2; ++i) {
                const auto sent = co_await client.send_to(areas::for_write(data), to);
                CHECK(sent);
            }
            std::array<std::byte, 1233> memory{};
            const auto cut = co_await server.receive(std::span(memory));
            CHECK(cut.error() == truncated_datagram(1234));
            const auto none = co_await server.receive(areas());
            CHECK(none.error() == truncated_datagram(1234));
        });
    }
}

TEST_CASE("a datagram to nobody is an error for the socket that is connected, which stays good") {
    for (const char* mask : masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
            auto peer = udp_socket::bind(here, endpoint::loopback(0)).value();
            const auto where = peer.local().value();
            const auto closed = co_await peer.close();
            CHECK(closed);
            const auto unconnected = co_await client.send_to(areas::for_write("x"), where);
            CHECK(unconnected.value() == 1);
            const auto connected = co_await client.connect(where);
            CHECK(connected);
            const auto sent = co_await client.send(areas::for_write("x"));
            CHECK(sent.value() == 1);
            std::byte memory{};
            const auto refused = co_await client.receive(std::span(&memory, 1));
            CHECK(refused.error() == std::errc::connection_refused);
            peer = udp_socket::bind(here, where).value();
            const auto again = co_await client.send(areas::for_write("y"));
            CHECK(again.value() == 1);
            const auto got = co_await peer.receive(std::span(&memory, 1));
            CHECK(got.value().from == client.local().value());
        });
    }
}

TEST_CASE("what is too long, goes nowhere or is broadcast unasked is refused in system's words") {
    on_shard([](shard& here) -> task<> {
        auto socket = udp_socket::bind(here, endpoint::any_v4(0)).value();
        const std::vector<std::byte> data(65'508);
        const auto long_one =
            co_await socket.send_to(areas::for_write(data), endpoint::loopback(9));
        CHECK(long_one.error() == std::errc::message_size);
        const auto nowhere = co_await socket.send(areas::for_write("x"));
        CHECK(nowhere.error() == std::errc::destination_address_required);
        const auto all = endpoint::parse("255.255.255.255:9").value();
        const auto broadcast = co_await socket.send_to(areas::for_write("x"), all);
        REQUIRE_FALSE(broadcast);
        // Where there is no route at all the kernel finds that first.
        CHECK((broadcast.error() == std::errc::permission_denied ||
               broadcast.error() == std::errc::network_unreachable));
        const auto taken = udp_socket::bind(here, socket.local().value());
        CHECK(taken.error() == std::errc::address_in_use);
    });
}

TEST_CASE("two sockets that say so share a port") {
    on_shard([](shard& here) -> task<> {
        datagram_options shared;
        shared.reuse_port = true;
        const auto first = udp_socket::bind(here, endpoint::loopback(0), shared).value();
        CHECK(udp_socket::bind(here, first.local().value(), shared));
        CHECK_FALSE(udp_socket::bind(here, first.local().value()));
        CHECK(first.options().reuse_port().value());
        co_return;
    });
}

TEST_CASE("a receive that is asked to stop says ECANCELED, and the next datagram is not lost") {
    for (const char* mask : masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto server = udp_socket::bind(here, endpoint::loopback(0)).value();
            auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
            std::byte memory{};
            std::optional<std::error_code> ended;
            const auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto got = co_await server.receive(std::span(&memory, 1));
                    ended = got.error();
                });
                co_await nop(here);
                kids.request_stop();
            };
            co_await scope(body);
            CHECK(ended.value() == std::errc::operation_canceled);
            const auto to = server.local().value();
            const auto sent = co_await client.send_to(areas::for_write("x"), to);
            CHECK(sent);
            const auto got = co_await server.receive(std::span(&memory, 1));
            CHECK(got.value().bytes == 1);
        });
    }
}

namespace {

// Receives `bytes` bytes that were sent in datagrams of `segment` bytes; how many receives it took.
task<int> collect(udp_socket& server, const std::vector<std::byte>& data, std::size_t segment) {
    std::vector<std::byte> memory(65'536);
    std::vector<std::byte> all;
    int receives = 0;
    while (all.size() < data.size()) {
        const auto got = co_await server.receive(std::span(memory));
        REQUIRE(got);
        const auto rest = data.size() - all.size();
        if (got->segment_bytes != 0) {
            CHECK(got->segment_bytes == segment);
            CHECK(got->bytes > segment);
        } else {
            CHECK(got->bytes == std::min(segment, rest));
        }
        all.insert(all.end(), memory.data(), memory.data() + got->bytes);
        ++receives;
    }
    CHECK(all == data);
    co_return receives;
}

}  // namespace

TEST_CASE("a long send is cut into datagrams of one length, with and without the kernel's help") {
    for (const char* mask : {"", "udp_segment", "sendmsg", "recvmsg,udp_segment"}) {
        on_shard(masked(mask), [&](shard& here) -> task<> {
            auto server = udp_socket::bind(here, endpoint::loopback(0)).value();
            auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
            const auto to = server.local().value();
            for (const std::size_t segment : {1000U, 1400U, 40'000U}) {
                const auto data = random_bytes(60'001, segment);
                std::size_t moved = 0;
                const auto sent =
                    co_await client.send_segments(areas::for_write(data), segment, to, &moved);
                CHECK(sent.value() == data.size());
                CHECK(moved == data.size());
                const int receives = co_await collect(server, data, segment);
                CHECK(static_cast<std::size_t>(receives) == (data.size() + segment - 1) / segment);
            }
            const auto none = co_await client.send_segments(areas::for_write("x"), 0, to);
            CHECK(none.error() == std::errc::invalid_argument);
        });
    }
}

TEST_CASE("a socket that merges receives several datagrams at once and says where to split") {
    for (const char* mask : {"", "recvmsg"}) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto server = udp_socket::bind(here, endpoint::loopback(0)).value();
            auto client = udp_socket::bind(here, endpoint::loopback(0)).value();
            REQUIRE(server.options().set_merging(true));
            const auto data = random_bytes(50'001, 9);
            const auto to = server.local().value();
            const auto sent = co_await client.send_segments(areas::for_write(data), 1000, to);
            CHECK(sent.value() == data.size());
            const int receives = co_await collect(server, data, 1000);
            if (here.known().has(feature::udp_segment)) {
                CHECK(receives < 51);
            }
        });
    }
}

TEST_CASE("a member of a group receives what is sent to it, until it leaves") {
    on_shard([](shard& here) -> task<> {
        const auto loopback = ::if_nametoindex("lo");
        const auto group = endpoint::parse("239.255.77.77:0").value();
        auto member = udp_socket::bind(here, endpoint::any_v4(0)).value();
        auto sender = udp_socket::bind(here, endpoint::loopback(0)).value();
        const auto out = sender.options();
        REQUIRE(out.set_multicast_interface(loopback));
        REQUIRE(out.set_multicast_hops(0));  // never leaves this machine
        CHECK(out.multicast_hops().value() == 0);
        CHECK(out.multicast_loop().value());
        REQUIRE(member.options().join(group, loopback));
        CHECK(member.options().join(group, loopback).error() == std::errc::address_in_use);
        const auto port = std::to_string(member.local().value().port());
        const auto to = endpoint::parse("239.255.77.77:" + port).value();
        const auto sent = co_await sender.send_to(areas::for_write("all"), to);
        CHECK(sent.value() == 3);
        std::array<std::byte, 8> memory{};
        const auto got = co_await member.receive(std::span(memory));
        CHECK(got.value().bytes == 3);
        CHECK(member.options().leave(group, loopback));
        CHECK(member.options().leave(group, loopback).error() == std::errc::address_not_available);
        CHECK(member.options().join(endpoint::loopback(0)).error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a datagram socket that dies while a receive is pending ends the process") {
    const auto end = ending_of([] {
        static_cast<void>(run(quiet(), [](shard& here) -> task<> {
            std::optional<udp_socket> socket(udp_socket::bind(here, endpoint::loopback(0)).value());
            std::byte memory{};
            const auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    static_cast<void>(co_await socket->receive(std::span(&memory, 1)));
                });
                co_await yield();
                socket.reset();
            };
            co_await scope(body);
        }));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("while operations on it are pending") != std::string::npos);
}
