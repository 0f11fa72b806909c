#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/shield.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

task<int> value_after(gate& at, int value) {
    const auto passed = co_await at.pass();
    co_return passed ? value : -1;
}

}  // namespace

TEST_CASE("a shielded operation does not hear of a stop request; what comes after it does") {
    hand_scheduler shop;
    gate inside;
    gate after;
    std::optional<result<void>> shielded;
    std::error_code later;
    auto body = [&]() -> task<> {
        shielded = co_await shield(inside.pass());
        later = (co_await after.pass()).error();
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(inside.stops() == 0);
    REQUIRE(inside.someone_waits());
    inside.open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(shielded->has_value());
    CHECK(later == std::errc::operation_canceled);
}

TEST_CASE("a stopped strand can still do what is shielded, a task and its scope included") {
    hand_scheduler shop;
    gate first;
    gate held[2];
    int got = 0;
    bool child_passed = false;
    auto family = [&](children& kids) -> task<int> {
        kids.spawn([&]() -> task<> { child_passed = (co_await held[0].pass()).has_value(); });
        co_return co_await value_after(held[1], 7);
    };
    auto body = [&]() -> task<> {
        static_cast<void>(co_await first.pass());
        got = co_await shield(scope(family));
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    REQUIRE(held[0].someone_waits());
    REQUIRE(held[1].someone_waits());
    shop.request_stop();
    shop.run_ready();
    held[0].open();
    held[1].open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(got == 7);
    CHECK(child_passed);
}

TEST_CASE("inside a shield a scope can stop its own children") {
    hand_scheduler shop;
    gate never;
    std::error_code error;
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> { error = (co_await never.pass()).error(); });
        kids.request_stop();
        co_return;
    };
    auto body = [&]() -> task<> { co_await shield(scope(family)); };
    shop.run(body);
    CHECK(error == std::errc::operation_canceled);
}

TEST_CASE("shields nest, and an exception passes through them") {
    hand_scheduler shop;
    gate inside;
    std::string why;
    auto fail = [&]() -> task<> {
        co_await shield(inside.pass());
        throw std::runtime_error("broken");
    };
    auto body = [&]() -> task<> {
        try {
            co_await shield(shield(fail()));
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
        const auto passed = co_await inside.pass();
        CHECK(passed);
    };
    shop.start(body);
    shop.run_ready();
    inside.open();
    shop.run_ready();
    CHECK(why == "broken");
    REQUIRE(inside.someone_waits());  // on the outer strand again
    inside.open();
    shop.run_ready();
    CHECK(shop.all_ended());
}
