// Streams whose descriptors are registered: what is said by their place in the ring's table of
// files.
#include "connection.hpp"

#include <pelton/runtime/net/stream_inflow.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <array>
#include <chrono>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

constexpr std::array masks{"", "registered_descriptors", "buffer_ring", "receive_multishot",
                           "send,recv"};

task<> exchange(stream_pair& pair) {
    const auto said = random_bytes(5'000, 1);
    std::vector<std::byte> heard(said.size());
    for (int times = 0; times < 3; ++times) {
        REQUIRE((co_await pair.client.send_all(areas::for_write(said))).has_value());
        REQUIRE((co_await pair.server.receive_exactly(areas(std::span(heard)))).has_value());
        CHECK(heard == said);
    }
    scattered out(5'000, 2);
    out.fill(said);
    REQUIRE((co_await pair.server.send_all(out.view())).has_value());
    std::size_t came = 0;
    while (came < said.size()) {
        const auto got = co_await pair.client.receive();
        REQUIRE(got.has_value());
        REQUIRE(!got->empty());
        CHECK(std::ranges::equal(got->bytes(), std::span(said).subspan(came, got->size())));
        came += got->size();
    }
}

}  // namespace

TEST_CASE("registered streams carry the same bytes, both ways") {
    for (const auto mask : masks) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const bool has = here.queues().has(feature::registered_descriptors);
            CHECK(pair.client.register_descriptor() == has);
            CHECK(pair.server.register_descriptor() == has);
            co_await exchange(pair);
        });
    }
}

TEST_CASE(
    "the peer of a registered stream sees its end when it is closed, and when it is dropped") {
    for (const auto mask : masks) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) -> task<> {
            for (const bool drops : {false, true}) {
                auto pair = co_await connected(here);
                pair.server.register_descriptor();
                co_await exchange(pair);
                if (drops) {
                    const tcp_stream dropped(std::move(pair.server));
                } else {
                    CHECK((co_await pair.server.close()).has_value());
                }
                const auto end = co_await pair.client.receive();
                REQUIRE(end.has_value());
                CHECK(end->empty());
            }
        });
    }
}

TEST_CASE("the peer of a registered stream with an inflow sees its end too") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        pair.server.register_descriptor();
        const auto said = random_bytes(100, 3);
        {
            auto coming = pair.server.inflow();
            REQUIRE((co_await pair.client.send_all(areas::for_write(said))).has_value());
            const auto got = co_await coming.next();
            REQUIRE(got.has_value());
            CHECK(std::ranges::equal(got->bytes(), said));
        }
        CHECK((co_await pair.server.close()).has_value());
        const auto end = co_await pair.client.receive();
        REQUIRE(end.has_value());
        CHECK(end->empty());
    });
}

TEST_CASE("a receive on a registered stream can be stopped, and the stream goes on") {
    for (const auto mask : masks) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            pair.server.register_descriptor();
            std::array<std::byte, 8> room{};
            const auto none =
                co_await with_timeout(1ms, pair.server.receive(areas(std::span(room))));
            CHECK(!none.has_value());
            co_await exchange(pair);
        });
    }
}
