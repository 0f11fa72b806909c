#include "buffers/death.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/when_any.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

task<int> value_after(gate& at, int value) {
    const auto passed = co_await at.pass();
    co_return passed ? value : -value;
}

task<result<int>> result_after(gate& at, int value) {
    const auto passed = co_await at.pass();
    if (!passed) {
        co_return std::unexpected(passed.error());
    }
    co_return value;
}

task<std::string> text_after(gate& at) {
    static_cast<void>(co_await at.pass());
    co_return "text";
}

task<> nothing_after(gate& at) {
    static_cast<void>(co_await at.pass());
}

task<int> throw_after(gate& at, const char* why) {
    static_cast<void>(co_await at.pass());
    throw std::runtime_error(why);
}

}  // namespace

TEST_CASE("when_any yields who ended first, and the others were asked to stop") {
    hand_scheduler shop;
    gate gates[3];
    std::size_t index = 9;
    int value = 0;
    std::vector<std::optional<int>> late;
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(value_after(gates[0], 1), value_after(gates[1], 2),
                                             value_after(gates[2], 3));
        index = first.index;
        value = first.value;
        late = {std::get<0>(first.late), std::get<1>(first.late), std::get<2>(first.late)};
    };
    shop.start(body);
    shop.run_ready();
    gates[1].open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(index == 1);
    CHECK(value == 2);
    CHECK(late == std::vector<std::optional<int>>{-1, std::nullopt, -3});
}

TEST_CASE("when_any goes on only when the losers have ended, though they take their time") {
    hand_scheduler shop;
    gate quick;
    gate slow;
    slow.keep_closed();
    bool done = false;
    std::optional<int> late;
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(value_after(quick, 1), value_after(slow, 2));
        done = true;
        late = std::get<1>(first.late);
    };
    shop.start(body);
    shop.run_ready();
    quick.open();
    shop.run_ready();
    CHECK(!done);
    CHECK(slow.stops() == 1);
    slow.open();  // it comes although it was asked to stop: nothing of it is lost
    shop.run_ready();
    CHECK(done);
    CHECK(late == 2);
}

TEST_CASE("when_any of different types yields a variant whose index is the winner's") {
    hand_scheduler shop;
    gate gates[3];
    std::size_t index = 9;
    std::string text;
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(value_after(gates[0], 1), text_after(gates[1]),
                                             nothing_after(gates[2]));
        index = first.index;
        text = std::get<1>(first.value);
        CHECK(first.value.index() == first.index);
        CHECK(std::get<2>(first.late).has_value());
    };
    shop.start(body);
    shop.run_ready();
    gates[1].open();
    shop.run_ready();
    CHECK(index == 1);
    CHECK(text == "text");
}

TEST_CASE("tasks that end without waiting: the first given wins, and all values are there") {
    hand_scheduler shop;
    auto give = [](int value) -> task<std::unique_ptr<int>> {
        co_return std::make_unique<int>(value);
    };
    auto body = [&]() -> task<> {
        std::vector<task<std::unique_ptr<int>>> each;
        each.push_back(give(4));
        each.push_back(give(5));
        const auto first = co_await when_any(std::move(each));
        CHECK(first.index == 0);
        CHECK(*first.value == 4);
        CHECK(!first.late[0]);
        CHECK(**first.late[1] == 5);
    };
    shop.run(body);
}

TEST_CASE("an error inside a result ends first like any other value") {
    hand_scheduler shop;
    gate gates[2];
    std::error_code error;
    std::error_code loser;
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(result_after(gates[0], 1), result_after(gates[1], 2));
        CHECK(first.index == 0);
        error = first.value.error();
        loser = std::get<1>(first.late)->error();
    };
    shop.start(body);
    shop.run_ready();
    gates[0].open(ECONNRESET);
    shop.run_ready();
    CHECK(error == std::errc::connection_reset);
    CHECK(loser == std::errc::operation_canceled);
}

TEST_CASE(
    "what the first throws is rethrown once the others have ended; later throws are dropped") {
    hand_scheduler shop;
    gate gates[2];
    gates[1].keep_closed();
    std::string why;
    auto body = [&]() -> task<> {
        try {
            static_cast<void>(
                co_await when_any(throw_after(gates[0], "first"), throw_after(gates[1], "second")));
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
    };
    shop.start(body);
    shop.run_ready();
    gates[0].open();
    shop.run_ready();
    CHECK(why.empty());
    gates[1].open();
    shop.run_ready();
    CHECK(why == "first");
}

TEST_CASE("a loser that throws takes nothing from the winner") {
    hand_scheduler shop;
    gate gates[2];
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(value_after(gates[0], 1), throw_after(gates[1], "x"));
        CHECK(first.value == 1);
        CHECK(!std::get<1>(first.late));
    };
    shop.start(body);
    shop.run_ready();
    gates[0].open();
    shop.run_ready();
    CHECK(shop.all_ended());
}

TEST_CASE("a stop request reaches every task of when_any") {
    hand_scheduler shop;
    gate gates[2];
    std::error_code error;
    auto body = [&]() -> task<> {
        const auto first = co_await when_any(result_after(gates[0], 1), result_after(gates[1], 2));
        error = first.value.error();
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(error == std::errc::operation_canceled);
    CHECK(gates[0].stops() + gates[1].stops() >= 2);
}

TEST_CASE("when_any of no tasks ends the process with a sentence") {
    const auto end = ending_of([] {
        hand_scheduler shop;
        auto body = []() -> task<> {
            std::vector<task<int>> none;
            static_cast<void>(co_await when_any(std::move(none)));
        };
        shop.run(body);
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("never end") != std::string::npos);
}
