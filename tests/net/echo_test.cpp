#include "address_family.hpp"
#include "connection.hpp"

#include <fmt/format.h>

using namespace pelton;
using namespace pelton::test;

namespace {

task<> echo(tcp_stream client) {
    while (auto got = co_await client.receive()) {
        if (got->empty() || !co_await client.send_all(*got)) {
            break;
        }
    }
}

// Sends `payload` and reads it back at the same time, through areas cut differently.
task<> exchange(tcp_stream& stream, std::span<const std::byte> payload, std::uint64_t seed) {
    scattered out(payload.size(), seed);
    scattered in(payload.size(), seed + 1);
    out.fill(payload);
    const auto both = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> {
            const auto sent = co_await stream.send_all(out.view());
            CHECK(sent.value() == payload.size());
        });
        const auto received = co_await stream.receive_exactly(in.view());
        CHECK(received.value() == payload.size());
    };
    co_await scope(both);
    CHECK(std::ranges::equal(in.flat(), payload));
    CHECK(std::ranges::equal(out.flat(), payload));
}

// `clients` connections at once to an echo server, each of them `rounds` exchanges.
task<> serve_and_exchange(shard& here, endpoint at, int clients, int rounds, std::size_t bytes) {
    auto door = tcp_listener::bind(here, at).value();
    auto where = door.local().value();
    if (where.is_wildcard()) {
        where = endpoint::loopback(where.port());
    }
    const auto everyone = [&](children& kids) -> task<> {
        const auto crowd = [&](children& guests) -> task<> {
            for (int i = 0; i < clients; ++i) {
                guests.spawn([&, i]() -> task<> {
                    auto stream = co_await tcp_stream::connect(here, where);
                    for (int round = 0; round < rounds; ++round) {
                        const auto seed = static_cast<std::uint64_t>(1000 * i + round);
                        const auto payload = random_bytes(bytes, seed);
                        co_await exchange(stream.value(), payload, seed);
                    }
                });
            }
            co_return;
        };
        kids.spawn([&]() -> task<> {
            const auto ended = co_await door.serve(kids, echo);
            CHECK(ended);
        });
        co_await scope(crowd);
        kids.request_stop();
    };
    co_await scope(everyone);
}

}  // namespace

TEST_CASE("an echo over IPv4, IPv6 and both returns every byte through scattered, cut areas") {
    const auto before = open_descriptors();
    for (const auto at :
         {endpoint::loopback(0), endpoint::loopback_v6(0), endpoint::any(0), endpoint::any_v4(0)}) {
        CAPTURE(at.to_string());
        if (at == endpoint::loopback_v6(0) && !has_v6()) {
            continue;  // any_address_test.cpp says so
        }
        on_shard([&](shard& here) { return serve_and_exchange(here, at, 4, 3, 300'000); });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("each opcode that a kernel may lack gives the same bytes") {
    for (const char* mask :
         {"send", "recv", "sendmsg", "recvmsg", "send,recv", "sendmsg,recvmsg", "socket", "close",
          "send,sendmsg,recv,recvmsg", "send,sendmsg,recv,recvmsg,readv,writev",
          "send,sendmsg,recv,recvmsg,read,write,read_fixed,write_fixed", "defer_taskrun",
          "single_issuer,coop_taskrun,no_sqarray,registered_buffers"}) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) {
            return serve_and_exchange(here, endpoint::loopback(0), 2, 2, 100'000);
        });
    }
}

TEST_CASE("a hundred connections share a ring of two entries") {
    auto with = quiet();
    with.ring.sq_entries = 2;
    with.ring.cq_entries = 4;
    on_shard(std::move(with), [](shard& here) {
        return serve_and_exchange(here, endpoint::loopback(0), 100, 2, 5'000);
    });
}

TEST_CASE("a kernel without pages to register echoes from the others") {
    auto with = masked("registered_buffers");
    with.page_bytes = 64 * 1024;  // 16 pages for 20 clients that take 4 each: they wait their turn
    on_shard(std::move(with), [](shard& here) {
        return serve_and_exchange(here, endpoint::loopback(0), 20, 2, 20'000);
    });
}

TEST_CASE("more areas than the kernel takes at once go in parts") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto payload = random_bytes(6000, 7);
        std::vector<std::byte> memory(payload.size());
        std::vector<area> out;
        std::vector<area> in;
        for (std::size_t i = 0; i < payload.size(); i += 2) {
            out.push_back({const_cast<std::byte*>(payload.data()) + i, 2});
            in.push_back({memory.data() + i, 2});
        }
        // Without SENDMSG a part is one area.
        const std::size_t part = here.known().has(feature::sendmsg) ? 2048 : 2;
        const auto first = co_await pair.client.send(areas(std::span<const area>(out)));
        REQUIRE(first.value() == part);
        const areas rest = areas(std::span<const area>(out)).skip(part);
        const auto sent = co_await pair.client.send_all(rest);
        CHECK(sent.value() == payload.size() - part);
        const auto received =
            co_await pair.server.receive_exactly(areas(std::span<const area>(in)));
        CHECK(received.value() == payload.size());
        CHECK(memory == payload);
    });
}

TEST_CASE("areas of no bytes are transferred at once, without the kernel") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto before = here.queues().counters().sqes;
        const auto received = co_await pair.client.receive(areas());
        const auto exactly = co_await pair.client.receive_exactly(areas());
        const auto sent = co_await pair.client.send(areas());
        const auto all = co_await pair.client.send_all(areas());
        CHECK(received.value() + exactly.value() + sent.value() + all.value() == 0);
        CHECK(here.queues().counters().sqes == before);
    });
}
