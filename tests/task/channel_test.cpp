#include "task/hand_scheduler.hpp"

#include <pelton/runtime/outcome/end_of_stream.hpp>
#include <pelton/runtime/task/channel.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

using boxed = std::unique_ptr<int>;

task<> send_all(channel<boxed>& into, int from, int to) {
    for (int i = from; i < to; ++i) {
        CHECK(co_await into.send(std::make_unique<int>(i)));
    }
}

task<> receive_all(channel<boxed>& from, std::vector<int>& into) {
    for (;;) {
        const auto got = co_await from.receive();
        if (!got) {
            CHECK(got.error() == end_of_stream());
            co_return;
        }
        into.push_back(**got);
    }
}

}  // namespace

TEST_CASE("values come through a channel in order, whatever its capacity, and then its end") {
    for (const std::size_t capacity : {0U, 1U, 3U, 1'000U}) {
        CAPTURE(capacity);
        hand_scheduler shop;
        channel<boxed> pipe(capacity);
        std::vector<int> got;
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                co_await send_all(pipe, 0, 100);
                pipe.close();
            });
            kids.spawn([&] { return receive_all(pipe, got); });
            co_return;
        };
        auto body = [&]() -> task<> { co_await scope(family); };
        shop.run(body);
        std::vector<int> all(100);
        std::iota(all.begin(), all.end(), 0);
        CHECK(got == all);
        CHECK(pipe.size() == 0);
    }
}

TEST_CASE("many producers and consumers: every value comes once, each producer's in order") {
    for (const std::size_t capacity : {0U, 2U}) {
        hand_scheduler shop;
        channel<boxed> pipe(capacity);
        std::vector<std::vector<int>> got(3);
        int sending = 4;
        auto family = [&](children& kids) -> task<> {
            for (auto& each : got) {
                kids.spawn([&] { return receive_all(pipe, each); });
            }
            for (int i = 0; i < 4; ++i) {
                kids.spawn([&, i]() -> task<> {
                    co_await send_all(pipe, 1'000 * i, 1'000 * i + 500);
                    if (--sending == 0) {
                        pipe.close();
                    }
                });
            }
            co_return;
        };
        auto body = [&]() -> task<> { co_await scope(family); };
        shop.run(body);
        std::vector<int> all;
        for (const auto& each : got) {
            CHECK(!each.empty());
            all.insert(all.end(), each.begin(), each.end());
        }
        std::sort(all.begin(), all.end());
        CHECK(all.size() == 2'000);
        CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    }
}

TEST_CASE("a send waits while the channel is full; closing gives the value back to who waits") {
    hand_scheduler shop;
    channel<boxed> pipe(1);
    auto body = [&]() -> task<> {
        CHECK(pipe.try_send(std::make_unique<int>(1)));
        auto two = std::make_unique<int>(2);
        CHECK(!pipe.try_send(std::move(two)));
        REQUIRE(two);
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto sent = co_await pipe.send(std::move(two));
                CHECK(sent.error() == std::errc::broken_pipe);
                CHECK(two);
            });
            gate turn;
            kids.spawn([&]() -> task<> {
                turn.open();
                co_return;
            });
            CHECK(co_await turn.pass());
            pipe.close();
        };
        co_await scope(family);
        CHECK((co_await pipe.send(std::move(two))).error() == std::errc::broken_pipe);
        CHECK(*two == 2);
        CHECK(**(co_await pipe.receive()) == 1);  // what was in it is still received
        CHECK((co_await pipe.receive()).error() == end_of_stream());
        CHECK(!pipe.try_receive());
    };
    shop.run(body);
}

namespace {

// Tasks that send or receive and are stopped at random: who has which value at the end?
struct tangle {
    explicit tangle(std::size_t capacity, unsigned seed) : pipe(capacity), luck(seed) {}

    task<> produce(int value) {
        auto box = std::make_unique<int>(value);
        if (!co_await pipe.send(std::move(box))) {
            REQUIRE(box);
            kept.push_back(*box);
        }
    }
    task<> consume() {
        if (const auto got = co_await pipe.receive()) {
            received.push_back(**got);
        }
    }
    task<> round(int first) {
        auto family = [this, first](children& kids) -> task<> {
            for (int i = 0; i < 8; ++i) {
                if (luck() % 2 == 0) {
                    kids.spawn([this, value = first + i] { return produce(value); });
                    made.push_back(first + i);
                } else {
                    kids.spawn([this] { return consume(); });
                }
            }
            gate turn;
            kids.spawn([&turn]() -> task<> {
                turn.open();
                co_return;
            });
            static_cast<void>(co_await turn.pass());
            kids.request_stop();
        };
        co_await scope(family);
    }

    channel<boxed> pipe;
    std::mt19937 luck;
    std::vector<int> made, kept, received;
};

}  // namespace

TEST_CASE("stop requests lose no value: it is kept, received or still in the channel") {
    for (const std::size_t capacity : {0U, 1U, 3U}) {
        hand_scheduler shop;
        tangle all(capacity, static_cast<unsigned>(capacity) + 7);
        auto body = [&]() -> task<> {
            for (int i = 0; i < 2'000; ++i) {
                co_await all.round(10 * i);
            }
            while (auto left = all.pipe.try_receive()) {
                all.received.push_back(**left);
            }
        };
        shop.run(body);
        CHECK(!all.kept.empty());
        CHECK(!all.received.empty());
        auto found = all.kept;
        found.insert(found.end(), all.received.begin(), all.received.end());
        std::sort(found.begin(), found.end());
        std::sort(all.made.begin(), all.made.end());
        CHECK(found == all.made);
    }
}
