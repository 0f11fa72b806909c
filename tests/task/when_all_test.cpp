#include "small_stack.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

task<int> after(gate& at, int value) {
    static_cast<void>(co_await at.pass());
    co_return value;
}

task<> set_when_done(bool& flag) {
    flag = true;
    co_return;
}

task<std::unique_ptr<int>> owner_of(int value) {
    co_return std::make_unique<int>(value);
}

task<int> fail(const char* why) {
    throw std::runtime_error(why);
    co_return 0;
}

}  // namespace

TEST_CASE("when_all yields values in the order given, whatever the order of ending") {
    hand_scheduler shop;
    gate gates[3];
    std::tuple<int, int, int> got;
    auto body = [&]() -> task<> {
        got = co_await when_all(after(gates[0], 1), after(gates[1], 2), after(gates[2], 3));
    };
    shop.start(body);
    shop.run_ready();
    for (const std::size_t each : {2U, 0U, 1U}) {
        CHECK(!shop.all_ended());
        REQUIRE(gates[each].someone_waits());
        gates[each].open();
        shop.run_ready();
    }
    CHECK(shop.all_ended());
    CHECK(got == std::tuple(1, 2, 3));
}

TEST_CASE("in what when_all yields, void is a monostate and a move-only value is moved") {
    hand_scheduler shop;
    bool done = false;
    auto body = [&]() -> task<> {
        auto [nothing, owner] = co_await when_all(set_when_done(done), owner_of(9));
        static_assert(std::is_same_v<decltype(nothing), std::monostate>);
        CHECK(*owner == 9);
    };
    shop.run(body);
    CHECK(done);
}

TEST_CASE("when_all runs all of its tasks before it looks at how they ended") {
    hand_scheduler shop;
    gate held;
    std::string caught;
    bool other_stopped = false;
    auto waits = [&]() -> task<> { other_stopped = !(co_await held.pass()).has_value(); };
    auto body = [&]() -> task<> {
        try {
            static_cast<void>(co_await when_all(fail("first"), fail("second"), waits()));
        } catch (const std::runtime_error& error) {
            caught = error.what();
        }
    };
    shop.run(body);
    CHECK(caught == "first");
    CHECK(other_stopped);
}

TEST_CASE("an error inside a result is a value to when_all: it stops nobody") {
    hand_scheduler shop;
    gate held;
    auto broken = []() -> task<result<int>> { co_return failure(EIO); };
    bool ended = false;
    auto body = [&]() -> task<> {
        auto [bad, good] = co_await when_all(broken(), after(held, 4));
        CHECK(bad.error() == std::errc::io_error);
        CHECK(good == 4);
        ended = true;
    };
    shop.start(body);
    shop.run_ready();
    CHECK(held.stops() == 0);
    held.open();
    shop.run_ready();
    CHECK(ended);
}

TEST_CASE("a stop request reaches the tasks of when_all") {
    hand_scheduler shop;
    gate gates[2];
    auto body = [&]() -> task<> {
        static_cast<void>(co_await when_all(after(gates[0], 1), after(gates[1], 2)));
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(gates[0].stops() == 1);
    CHECK(gates[1].stops() == 1);
}

TEST_CASE("when_all takes a vector of tasks, empty too") {
    hand_scheduler shop;
    auto body = []() -> task<> {
        std::vector<task<int>> none;
        CHECK((co_await when_all(std::move(none))).empty());
        std::vector<task<std::unique_ptr<int>>> some;
        for (int i = 0; i < 100; ++i) {
            some.push_back(owner_of(i));
        }
        const auto values = co_await when_all(std::move(some));
        REQUIRE(values.size() == 100);
        for (std::size_t i = 0; i < values.size(); ++i) {
            CHECK(*values[i] == static_cast<int>(i));
        }
    };
    shop.run(body);
}

TEST_CASE("an exception of one task in a vector leaves when_all") {
    hand_scheduler shop;
    auto body = []() -> task<> {
        std::vector<task<int>> some;
        some.push_back(fail("in a vector"));
        static_cast<void>(co_await when_all(std::move(some)));
    };
    CHECK_THROWS_WITH_AS(shop.run(body), "in a vector", std::runtime_error);
}

TEST_CASE("when_all of 100,000 tasks runs on a small stack") {
    on_small_stack([] {
        hand_scheduler shop;
        std::size_t count = 0;
        auto body = [&]() -> task<> {
            std::vector<task<int>> many;
            for (int i = 0; i < 100'000; ++i) {
                many.push_back([](int n) -> task<int> { co_return n; }(i));
            }
            count = (co_await when_all(std::move(many))).size();
        };
        shop.run(body);
        CHECK(count == 100'000);
    });
}
