#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/semaphore.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a semaphore lets so many in, and who wants many is not starved by who wants few") {
    hand_scheduler shop;
    semaphore places(4);
    std::vector<int> order;
    auto take = [&](std::size_t count, int number) -> task<> {
        auto got = co_await places.acquire(count);
        REQUIRE(got);
        CHECK(got->count() == count);
        order.push_back(number);
        got->keep();
    };
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&] { return take(3, 0); });
        kids.spawn([&] { return take(4, 1); });
        kids.spawn([&] { return take(1, 2); });  // there is one, but it came later
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    shop.run_ready();
    CHECK(order == std::vector{0});
    CHECK(places.available() == 1);
    places.release(3);
    shop.run_ready();
    CHECK(order == std::vector{0, 1});
    places.release(1);
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(order == std::vector{0, 1, 2});
    CHECK(places.available() == 0);
}

TEST_CASE("a waiter that is stopped lets those behind it in") {
    hand_scheduler shop;
    semaphore places(1);
    gate begin;
    gate behind;
    std::error_code big;
    bool small = false;
    auto stopped = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> {
            const auto got = co_await places.acquire(2);
            big = got.error();
        });
        CHECK(co_await begin.pass());
        kids.request_stop();
    };
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&] { return scope(stopped); });
        kids.spawn([&]() -> task<> {
            CHECK(co_await behind.pass());
            const auto got = co_await places.acquire(1);
            small = got.has_value();
        });
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    shop.run_ready();
    behind.open();
    shop.run_ready();
    CHECK(!small);
    begin.open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(big == std::errc::operation_canceled);
    CHECK(small);
    CHECK(places.available() == 1);
}

TEST_CASE("a permit gives back once, also when it is moved") {
    hand_scheduler shop;
    semaphore places(2);
    auto body = [&]() -> task<> {
        auto one = co_await places.acquire();
        auto two = co_await places.acquire();
        CHECK(places.available() == 0);
        auto moved = std::move(*one);
        moved.release();
        moved.release();
        CHECK(places.available() == 1);
        *two = std::move(moved);
    };
    shop.run(body);
    CHECK(places.available() == 2);
}
