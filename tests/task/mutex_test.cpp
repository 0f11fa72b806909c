#include "buffers/death.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/mutex.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/shield.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a mutex lets one task in at a time, in the order of asking") {
    hand_scheduler shop;
    mutex lock;
    gate inside;
    std::vector<int> order;
    int within = 0;
    auto enter = [&](int number) -> task<> {
        const auto held = co_await lock.lock();
        REQUIRE(held);
        CHECK(++within == 1);
        order.push_back(number);
        CHECK(co_await inside.pass());
        --within;
    };
    auto family = [&](children& kids) -> task<> {
        for (int i = 0; i < 5; ++i) {
            kids.spawn([&enter, i] { return enter(i); });
        }
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    for (int i = 0; i < 5; ++i) {
        shop.run_ready();
        REQUIRE(inside.someone_waits());
        CHECK(lock.is_locked());
        inside.open();
    }
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(order == std::vector{0, 1, 2, 3, 4});
    CHECK(!lock.is_locked());
}

TEST_CASE("unlocking resumes nobody, and nobody comes between the one who waited") {
    hand_scheduler shop;
    mutex lock;
    bool entered = false;
    auto waits = [&]() -> task<> {
        const auto held = co_await lock.lock();
        entered = held.has_value();
    };
    auto family = [&](children& kids) -> task<> {
        auto held = lock.try_lock();
        REQUIRE(held);
        kids.spawn(waits);
        gate pause;
        kids.spawn([&]() -> task<> {
            pause.open();
            co_return;
        });
        CHECK(co_await pause.pass());
        held->unlock();
        CHECK(!entered);
        CHECK(!lock.try_lock());
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(entered);
}

TEST_CASE("a stop request ends the wait for a mutex, wherever in the queue, and others go on") {
    hand_scheduler shop;
    mutex lock;
    std::vector<int> got(3, 0);
    auto held = lock.try_lock();
    gate begin;
    auto waits = [&](std::size_t i) -> task<> {
        const auto mine = co_await lock.lock();
        got[i] = mine ? 1 : mine.error().value();
    };
    auto stopped = [&](children& kids) -> task<> {
        kids.spawn([&] { return waits(1); });
        CHECK(co_await begin.pass());
        kids.request_stop();
    };
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&] { return waits(0); });
        kids.spawn([&] { return scope(stopped); });
        kids.spawn([&] { return waits(2); });
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    shop.run_ready();
    begin.open();
    shop.run_ready();
    CHECK(got == std::vector{0, ECANCELED, 0});
    held.reset();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(got == std::vector{1, ECANCELED, 1});
}

TEST_CASE("a stopped task takes a free mutex, but does not wait for one unless shielded") {
    hand_scheduler shop;
    mutex lock;
    gate at;
    auto body = [&]() -> task<> {
        static_cast<void>(co_await at.pass());
        {
            const auto free = co_await lock.lock();
            CHECK(free);
            const auto taken = co_await lock.lock();
            CHECK(taken.error() == std::errc::operation_canceled);
        }
        CHECK(!lock.is_locked());
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
}

TEST_CASE("a mutex destroyed while it is locked ends the process with a sentence") {
    const auto end = ending_of([] {
        auto* lock = new mutex;
        auto held = lock->try_lock();
        delete lock;
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("while it is locked") != std::string::npos);
}
