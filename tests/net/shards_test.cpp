// Servers with several shards, both ways: a listening socket for each, or one that hands over.
#include "connection.hpp"

#include <pelton/runtime/shard/on.hpp>

#include <atomic>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr unsigned shards = 3;
constexpr int clients = 30;

options with_shards(std::string_view mask) {
    auto with = masked(mask);
    with.shards = shards;
    with.stall_ns = 0;
    return with;
}

// Which shards served how many connections. Each counts its own.
using served_counts = std::array<std::atomic<int>, shards>;

task<> echo(tcp_stream client, served_counts& served) {
    CHECK(shard::of_this_thread() != nullptr);
    ++served[shard::of_this_thread()->number()];
    while (auto got = co_await client.receive()) {
        if (got->empty() || !co_await client.send_all(*got)) {
            break;
        }
    }
}

task<> ask_all(shard& here, endpoint where) {
    const auto crowd = [&](children& guests) -> task<> {
        for (int i = 0; i < clients; ++i) {
            guests.spawn([&here, where, i]() -> task<> {
                auto stream = co_await tcp_stream::connect(here, where);
                const auto payload = random_bytes(10'000, static_cast<std::uint64_t>(i));
                scattered out(payload.size(), 1);
                scattered in(payload.size(), 2);
                out.fill(payload);
                const auto sent = co_await stream->send_all(out.view());
                CHECK(sent.value() == payload.size());
                const auto received = co_await stream->receive_exactly(in.view());
                CHECK(received.value() == payload.size());
                CHECK(std::ranges::equal(in.flat(), payload));
            });
        }
        co_return;
    };
    co_await scope(crowd);
}

int total_of(const served_counts& served) {
    int total = 0;
    for (const auto& each : served) {
        total += each;
    }
    return total;
}

}  // namespace

TEST_CASE("a listening socket on each shard, at one port: every connection is served by one") {
    for (const auto* mask : {"", "msg_ring", "clone_buffers"}) {
        CAPTURE(mask);
        const auto before = open_descriptors();
        served_counts served{};
        on_shard(with_shards(mask), [&](shard& here) -> task<> {
            listen_options shared;
            shared.reuse_port = true;
            auto first = tcp_listener::bind(here, endpoint::loopback(0), shared).value();
            const auto where = first.local().value();
            listen_options alone;
            CHECK(tcp_listener::bind(here, where, alone).error() == std::errc::address_in_use);

            std::atomic<unsigned> listening{1};
            const auto handler = [&](tcp_stream client) { return echo(std::move(client), served); };
            const auto serve_there = [&](shard& there) -> task<result<void>> {
                auto door = tcp_listener::bind(there, where, shared).value();
                ++listening;
                const auto body = [&](children& kids) { return door.serve(kids, handler); };
                co_return co_await scope(body);
            };
            const auto everyone = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<result<void>> { return first.serve(kids, handler); });
                for (unsigned i = 1; i < shards; ++i) {
                    kids.spawn([&, i]() -> task<> {
                        const auto ended = co_await on(here.peer(i), serve_there, "server");
                        CHECK((ended || ended.error() == std::errc::operation_canceled));
                    });
                }
                while (listening != shards) {
                    static_cast<void>(co_await sleep(std::chrono::milliseconds(1)));
                }
                co_await ask_all(here, where);
                kids.request_stop();
            };
            co_await scope(everyone);
        });
        CHECK(total_of(served) == clients);
        CHECK(open_descriptors() == before);
    }
}

TEST_CASE("one shard accepts and hands connections over, which are served and closed there") {
    for (const auto* mask : {"", "msg_ring", "clone_buffers"}) {
        CAPTURE(mask);
        const auto before = open_descriptors();
        served_counts served{};
        on_shard(with_shards(mask), [&](shard& here) -> task<> {
            auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
            const auto where = door.local().value();
            unsigned next = 0;
            const auto hand_over = [&](tcp_stream client) -> task<> {
                auto loose = std::move(client).detach();
                CHECK(!client.is_open());
                const auto take = [&](shard& there) {
                    return echo(tcp_stream(there, std::move(loose)), served);
                };
                co_await on(here.peer(next++ % shards), take, "connection");
            };
            const auto everyone = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<result<void>> { return door.serve(kids, hand_over); });
                co_await ask_all(here, where);
                kids.request_stop();
            };
            co_await scope(everyone);
        });
        for (const auto& each : served) {
            CHECK(each == clients / static_cast<int>(shards));
        }
        CHECK(open_descriptors() == before);
    }
}

TEST_CASE("a detached connection that nobody takes over is closed") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        {
            auto loose = std::move(pair.server).detach();
            auto moved = std::move(loose);
            CHECK(loose.release() == -1);
        }
        const auto got = co_await pair.client.receive();
        CHECK(got.value().empty());
    });
}
