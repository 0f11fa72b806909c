#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a stop request from outside reaches the body, the children and theirs") {
    hand_scheduler shop;
    gate gates[4];
    int stopped = 0;
    auto wait_and_note = [&](gate& at) -> task<> {
        stopped += (co_await at.pass()).error() == std::errc::operation_canceled ? 1 : 0;
    };
    auto inner = [&](children& kids) -> task<> {
        kids.spawn([&] { return wait_and_note(gates[0]); });
        co_await wait_and_note(gates[1]);
    };
    auto outer = [&](children& kids) -> task<> {
        kids.spawn([&] { return scope(inner); });
        kids.spawn([&] { return wait_and_note(gates[2]); });
        co_await wait_and_note(gates[3]);
    };
    auto body = [&]() -> task<> { co_await scope(outer); };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(stopped == 4);
}

TEST_CASE("children::request_stop stops this scope and not the one around it") {
    hand_scheduler shop;
    gate inside;
    gate outside;
    std::error_code inner_error;
    auto inner = [&](children& kids) -> task<> {
        kids.request_stop();
        inner_error = (co_await inside.pass()).error();
    };
    bool outer_passed = false;
    auto body = [&]() -> task<> {
        co_await scope(inner);
        outer_passed = (co_await outside.pass()).has_value();
    };
    shop.start(body);
    shop.run_ready();
    CHECK(inner_error == std::errc::operation_canceled);
    REQUIRE(outside.someone_waits());
    outside.open();
    shop.run_ready();
    CHECK(outer_passed);
}

TEST_CASE("a child spawned after a stop request starts stopped") {
    hand_scheduler shop;
    gate held;
    std::error_code late;
    auto family = [&](children& kids) -> task<> {
        kids.request_stop();
        kids.spawn([&]() -> task<> { late = (co_await held.pass()).error(); });
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(late == std::errc::operation_canceled);
    CHECK(held.arrivals() == 1);
    CHECK(held.stops() == 0);
}

TEST_CASE("a scope that begins on a stopped strand begins stopped") {
    hand_scheduler shop;
    gate first;
    gate second;
    std::error_code seen;
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> { seen = (co_await second.pass()).error(); });
        co_return;
    };
    auto body = [&]() -> task<> {
        static_cast<void>(co_await first.pass());
        co_await scope(family);
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(seen == std::errc::operation_canceled);
}
