#include "counted.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// Waits at the gate and yields how that ended.
task<result<void>> pass(gate& at) {
    co_return co_await at.pass();
}

task<> fail(const char* why) {
    throw std::runtime_error(why);
    co_return;
}

// What left the scope: an exception's text, or an error's.
template <class Body>
std::string failure_of(hand_scheduler& shop, Body& body) {
    try {
        shop.run(body);
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a scope yields what its body yields") {
    hand_scheduler shop;
    auto body = []() -> task<> {
        auto number = [](children&) -> task<int> { co_return 42; };
        CHECK(co_await scope(number) == 42);
        auto owner = [](children&) -> task<std::unique_ptr<int>> {
            co_return std::make_unique<int>(7);
        };
        CHECK(*co_await scope(owner) == 7);
        auto good = [](children&) -> task<result<std::string>> { co_return "fine"; };
        CHECK((co_await scope(good)).value() == "fine");
        auto nothing = [](children&) -> task<> { co_return; };
        co_await scope(nothing);
    };
    shop.run(body);
}

TEST_CASE("a scope ends only when its body and every child have") {
    hand_scheduler shop;
    gate gates[3];
    bool body_ended = false;
    bool scope_ended = false;
    auto family = [&](children& kids) -> task<> {
        for (auto& each : gates) {
            kids.spawn([&each] { return pass(each); });
        }
        body_ended = true;
        co_return;
    };
    auto body = [&]() -> task<> {
        co_await scope(family);
        scope_ended = true;
    };
    shop.start(body);
    shop.run_ready();
    CHECK(body_ended);
    for (auto& each : gates) {
        CHECK(!scope_ended);
        REQUIRE(each.someone_waits());
        each.open();
        shop.run_ready();
    }
    CHECK(scope_ended);
    CHECK(shop.all_ended());
}

TEST_CASE("a scope waits for its body when the children end first") {
    hand_scheduler shop;
    gate held;
    bool scope_ended = false;
    auto family = [&](children& kids) -> task<result<int>> {
        kids.spawn([]() -> task<> { co_return; });
        if (auto passed = co_await held.pass(); !passed) {
            co_return std::unexpected(passed.error());
        }
        CHECK(kids.running() == 1);
        co_return 5;
    };
    auto body = [&]() -> task<> {
        CHECK((co_await scope(family)).value() == 5);
        scope_ended = true;
    };
    shop.start(body);
    shop.run_ready();
    CHECK(!scope_ended);
    held.open();
    shop.run_ready();
    CHECK(scope_ended);
}

TEST_CASE("what a spawned callable captured lives as long as its task") {
    hand_scheduler shop;
    int alive = 0;
    gate held;
    std::string seen;
    auto family = [&](children& kids) -> task<> {
        {
            auto text = std::string(100, 'c');
            kids.spawn([&held, &seen, text, witness = counted(alive)]() -> task<> {
                static_cast<void>(co_await held.pass());
                seen = text;
            });
        }
        CHECK(alive == 1);
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    shop.run_ready();
    CHECK(alive == 1);
    held.open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(seen == std::string(100, 'c'));
    CHECK(alive == 0);
}

TEST_CASE("a callable given to spawn by name is copied, not referred to") {
    hand_scheduler shop;
    int sum = 0;
    auto family = [&](children& kids) -> task<> {
        {
            auto add = [&sum, amount = std::make_shared<int>(3)]() -> task<> {
                sum += *amount;
                co_return;
            };
            kids.spawn(add);
            kids.spawn(std::move(add));
        }
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(sum == 6);
}

TEST_CASE("the first error stops the siblings and is what the scope yields") {
    hand_scheduler shop;
    gate failing;
    gate other;
    gate stubborn;
    stubborn.keep_closed();
    std::vector<std::error_code> seen;
    auto family = [&](children& kids) -> task<result<int>> {
        kids.spawn([&]() -> task<result<void>> {
            auto passed = co_await other.pass();
            seen.push_back(passed.error());
            co_return std::unexpected(std::make_error_code(std::errc::bad_message));
        });
        kids.spawn([&] { return pass(failing); });
        kids.spawn([&] { return pass(stubborn); });
        co_return 1;
    };
    bool ended = false;
    auto body = [&]() -> task<> {
        const auto outcome = co_await scope(family);
        ended = true;
        REQUIRE(!outcome);
        CHECK(outcome.error() == std::errc::io_error);
    };
    shop.start(body);
    shop.run_ready();
    failing.open(EIO);
    shop.run_ready();
    CHECK(seen == std::vector{std::error_code(ECANCELED, std::system_category())});
    CHECK(stubborn.stops() == 1);
    CHECK(!ended);  // stopping is a request: the scope waits for the one that goes on
    stubborn.open();
    shop.run_ready();
    CHECK(ended);
    CHECK(shop.all_ended());
}

TEST_CASE("an exception in a child stops the body and leaves the scope") {
    hand_scheduler shop;
    gate held;
    auto family = [&](children& kids) -> task<> {
        kids.spawn([] { return fail("the child"); });
        CHECK((co_await held.pass()).error() == std::errc::operation_canceled);
        throw std::runtime_error("the body, later");
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    CHECK(failure_of(shop, body) == "the child");
}

TEST_CASE("an exception in the body stops the children and leaves the scope") {
    hand_scheduler shop;
    gate held;
    bool stopped = false;
    auto family = [&](children& kids) -> task<int> {
        kids.spawn([&]() -> task<> {
            stopped = (co_await held.pass()).error() == std::errc::operation_canceled;
        });
        auto turn = [&kids]() -> task<> {
            static_cast<void>(kids.running());
            co_return;
        };
        co_await turn();
        throw std::runtime_error("the body");
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    CHECK(failure_of(shop, body) == "the body");
    CHECK(stopped);
}

TEST_CASE("the error of a child leaves a scope without a result as an exception") {
    hand_scheduler shop;
    gate failing;
    auto family = [&](children& kids) -> task<> {
        kids.spawn([&] { return pass(failing); });
        co_return;
    };
    std::error_code thrown;
    auto body = [&]() -> task<> {
        try {
            co_await scope(family);
        } catch (const std::system_error& error) {
            thrown = error.code();
        }
    };
    shop.start(body);
    shop.run_ready();
    failing.open(ENOSPC);
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(thrown == std::errc::no_space_on_device);
}

TEST_CASE("the error of a body is the scope's, and stops the children") {
    hand_scheduler shop;
    gate held;
    auto family = [&](children& kids) -> task<result<void>> {
        kids.spawn([&] { return pass(held); });
        auto yielding = []() -> task<> { co_return; };
        co_await yielding();
        co_return failure(EPIPE);
    };
    auto body = [&]() -> task<> {
        CHECK((co_await scope(family)).error() == std::errc::broken_pipe);
    };
    shop.run(body);
}

TEST_CASE("children may spawn while the scope runs, also from another child") {
    hand_scheduler shop;
    int ran = 0;
    struct tree {
        static task<> grow(children& kids, int& count, int depth) {
            ++count;
            if (depth > 0) {
                for (int i = 0; i < 2; ++i) {
                    kids.spawn([&kids, &count, depth] { return grow(kids, count, depth - 1); });
                }
            }
            co_return;
        }
    };
    auto family = [&](children& kids) { return tree::grow(kids, ran, 8); };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(ran == 511);
}

TEST_CASE("scopes nest a thousand deep") {
    struct nest {
        static task<int> deep(int left) {
            if (left == 0) {
                co_return 0;
            }
            auto inner = [left](children&) -> task<int> { co_return 1 + co_await deep(left - 1); };
            co_return co_await scope(inner);
        }
    };
    hand_scheduler shop;
    int depth = 0;
    auto body = [&]() -> task<> { depth = co_await nest::deep(1'000); };
    shop.run(body);
    CHECK(depth == 1'000);
}
