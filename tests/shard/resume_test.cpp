// Only the loop resumes, and only when it has collected every CQE: whatever a task does, no other
// task runs before it suspends.
#include "fixture.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

task<> yield_often(int times) {
    for (int i = 0; i < times; ++i) {
        static_cast<void>(co_await yield());
    }
}

}  // namespace

TEST_CASE("tasks resume when every CQE of an enter was collected, in the order of their CQEs") {
    auto with = tiny();
    with.ring.sq_entries = 8;
    on_shard(with, [](shard& here) -> task<> {
        std::vector<int> order;
        auto one = [&](int number) -> task<> {
            CHECK(co_await nop(here));
            CHECK(here.completions().in_flight() == 0);
            order.push_back(number);
        };
        co_await when_all(one(1), one(2), one(3), one(4));
        CHECK(order == std::vector{1, 2, 3, 4});
        CHECK(here.queues().counters().enters == 1);
    });
}

TEST_CASE("a stop request resumes nobody, whatever the others wait in") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        int ended = 0;
        auto held = co_await here.pages().take(16);
        auto read = [&]() -> task<> {
            static_cast<void>(co_await pipe_read(here, silent.reader()));
            ++ended;
        };
        auto rest = [&]() -> task<> {
            static_cast<void>(co_await sleep(1h));
            ++ended;
        };
        auto hungry = [&]() -> task<> {
            static_cast<void>(co_await here.pages().take(1));
            ++ended;
        };
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < 20; ++i) {
                kids.spawn(read);  // some in the kernel, some queue for room
            }
            kids.spawn(rest);
            kids.spawn(hungry);
            co_await yield_often(1'000);
            CHECK(here.completions().has_queued());
            kids.request_stop();
            CHECK(ended == 0);
        };
        co_await scope(family);
        CHECK(ended == 22);
    });
}

TEST_CASE("pages that come home, and tasks that are spawned, resume nobody") {
    on_shard([](shard& here) -> task<> {
        int ended = 0;
        auto held = co_await here.pages().take(16);
        auto hungry = [&]() -> task<> {
            CHECK(co_await here.pages().take(1));
            ++ended;
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(hungry);
            CHECK(ended == 0);
            co_await yield_often(10);
            held->release();
            CHECK(ended == 0);
            co_return;
        };
        co_await scope(family);
        CHECK(ended == 1);
    });
}

TEST_CASE("a task that goes on after an operation cannot be stopped in what has ended") {
    on_shard([](shard& here) -> task<> {
        auto& mine = co_await current_strand();
        CHECK(mine.waiting_in == nullptr);
        CHECK(co_await nop(here));
        CHECK(mine.waiting_in == nullptr);
        CHECK(co_await sleep(1ns));
        CHECK(mine.waiting_in == nullptr);
        CHECK(co_await offload(here, [] { return true; }));
        CHECK(mine.waiting_in == nullptr);
        CHECK(co_await here.pages().take(1));
        CHECK(mine.waiting_in == nullptr);
        auto nothing = [](children&) -> task<> { co_return; };
        co_await scope(nothing);
        CHECK(mine.waiting_in == nullptr);
    });
}

TEST_CASE("an operation that was stopped in the kernel leaves its strand free") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        auto read = [&]() -> task<> {
            auto& mine = co_await current_strand();
            CHECK(!co_await pipe_read(here, silent.reader()));
            CHECK(mine.waiting_in == nullptr);
            CHECK(!co_await nop(here));
            CHECK(mine.waiting_in == nullptr);
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(read);
            CHECK(co_await nop(here));
            kids.request_stop();
        };
        co_await scope(family);
    });
}

TEST_CASE("a shard that is told to resume nothing in a turn resumes one") {
    auto with = tiny();
    with.resumes_per_turn = 0;
    on_shard(with, [](shard& here) -> task<> {
        for (int i = 0; i < 10; ++i) {
            CHECK(co_await nop(here));
        }
    });
}
