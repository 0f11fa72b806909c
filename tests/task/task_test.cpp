#include "buffers/death.hpp"
#include "counted.hpp"
#include "small_stack.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/task.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace pelton;
using namespace pelton::test;

namespace {

task<> note_start(bool& started) {
    started = true;
    co_return;
}

task<int> take_by_value(counted, int value) {
    co_return value;
}

template <class T>
task<T> give(T value) {
    co_return std::move(value);
}

task<int> fail_at_depth(int depth) {
    if (depth == 0) {
        throw std::out_of_range("the deepest level");
    }
    co_return co_await fail_at_depth(depth - 1) + 1;
}

task<int> depth_of(int left) {
    if (left == 0) {
        co_return 0;
    }
    co_return 1 + co_await depth_of(left - 1);
}

struct undefaulted {
    explicit undefaulted(int number) : value(number) {}
    int value;
};

template <class Task>
concept awaitable = requires(Task&& one) { std::forward<Task>(one).operator co_await(); };

static_assert(awaitable<task<int>>);
static_assert(!awaitable<task<int>&>, "a task is awaited once, so only as an rvalue");
static_assert(!std::is_copy_constructible_v<task<int>>);
static_assert(std::is_nothrow_move_constructible_v<task<int>>);

}  // namespace

TEST_CASE("a task starts when it is awaited, not when it is made") {
    hand_scheduler shop;
    auto body = [&]() -> task<> {
        bool started = false;
        auto lazy = note_start(started);
        CHECK(!started);
        co_await std::move(lazy);
        CHECK(started);
    };
    shop.run(body);
}

TEST_CASE("a task that is never awaited destroys its arguments and does not run") {
    int alive = 0;
    bool started = false;
    {
        auto unused = take_by_value(counted(alive), 1);
        auto idle = note_start(started);
        CHECK(alive == 1);
    }
    CHECK(alive == 0);
    CHECK(!started);
}

TEST_CASE("a task destroys its arguments once, with its frame") {
    int alive = 0;
    hand_scheduler shop;
    auto body = [&]() -> task<> {
        auto one = take_by_value(counted(alive), 7);
        CHECK(alive == 1);
        CHECK(co_await std::move(one) == 7);
        CHECK(alive == 1);
    };
    shop.run(body);
    CHECK(alive == 0);
}

TEST_CASE("a task yields a copy, a move-only value or one without a default") {
    hand_scheduler shop;
    auto body = []() -> task<> {
        CHECK(co_await give(std::string(100, 'x')) == std::string(100, 'x'));
        auto owner = co_await give(std::make_unique<int>(5));
        CHECK(*owner == 5);
        const auto made = co_await give(undefaulted(6));
        CHECK(made.value == 6);
    };
    shop.run(body);
}

TEST_CASE("an exception passes through every level to the one who catches it") {
    hand_scheduler shop;
    std::string caught;
    auto body = [&]() -> task<> {
        try {
            co_await fail_at_depth(100);
        } catch (const std::out_of_range& error) {
            caught = error.what();
        }
        CHECK(co_await give(3) == 3);
    };
    shop.run(body);
    CHECK(caught == "the deepest level");
}

TEST_CASE("an exception that nobody catches reaches the root") {
    hand_scheduler shop;
    auto body = []() -> task<> { co_await fail_at_depth(3); };
    CHECK_THROWS_AS(shop.run(body), std::out_of_range);
}

TEST_CASE("a moved task runs once, and what it was moved from is empty") {
    hand_scheduler shop;
    int alive = 0;
    auto body = [&]() -> task<> {
        auto first = take_by_value(counted(alive), 1);
        auto second = std::move(first);
        auto third = take_by_value(counted(alive), 3);
        third = std::move(second);
        CHECK(co_await std::move(third) == 1);
    };
    shop.run(body);
    CHECK(alive == 0);
}

TEST_CASE("a task runs on the strand of the one who awaits it") {
    hand_scheduler shop;
    auto body = []() -> task<> {
        auto& mine = co_await current_strand();
        auto ask = []() -> task<strand*> { co_return &co_await current_strand(); };
        CHECK(co_await ask() == &mine);
    };
    shop.run(body);
}

TEST_CASE("a million awaits in a row leave the stack as it was") {
    on_small_stack([] {
        hand_scheduler shop;
        long sum = 0;
        auto body = [&]() -> task<> {
            for (int i = 0; i < 1'000'000; ++i) {
                sum += co_await give(1);
            }
        };
        shop.run(body);
        CHECK(sum == 1'000'000);
    });
}

TEST_CASE("a chain of 100,000 tasks that wait for each other runs on a small stack") {
    on_small_stack([] {
        hand_scheduler shop;
        int depth = 0;
        auto body = [&]() -> task<> { depth = co_await depth_of(100'000); };
        shop.run(body);
        CHECK(depth == 100'000);
    });
}

TEST_CASE("an exception unwinds 10,000 levels on a small stack") {
    on_small_stack([] {
        hand_scheduler shop;
        bool caught = false;
        auto body = [&]() -> task<> {
            try {
                co_await fail_at_depth(10'000);
            } catch (const std::out_of_range&) {
                caught = true;
            }
        };
        shop.run(body);
        CHECK(caught);
    });
}

TEST_CASE("a chain that is resumed by its deepest member ends on a small stack") {
    on_small_stack([] {
        struct deep {
            static task<int> down(gate& bottom, int left) {
                if (left == 0) {
                    co_return (co_await bottom.pass()).has_value() ? 0 : 1'000'000;
                }
                co_return 1 + co_await down(bottom, left - 1);
            }
        };
        hand_scheduler shop;
        gate bottom;
        int depth = 0;
        auto body = [&]() -> task<> { depth = co_await deep::down(bottom, 50'000); };
        shop.start(body);
        shop.run_ready();
        CHECK(bottom.someone_waits());
        bottom.open();
        shop.run_ready();
        CHECK(shop.all_ended());
        CHECK(depth == 50'000);
    });
}

namespace {

template <class Body>
void check_ends_with(Body body, const char* words) {
    const auto end = ending_of([&] {
        hand_scheduler shop;
        shop.run(body);
    });
    CHECK(end.signal == SIGABRT);
    INFO(end.text);
    CHECK(end.text.find(words) != std::string::npos);
}

task<int> give_one() {
    co_return 1;
}

}  // namespace

TEST_CASE("a task that is awaited again, or was moved away, ends the process with a sentence") {
    check_ends_with(
        []() -> task<> {
            auto once = give_one();
            static_cast<void>(co_await std::move(once));
            static_cast<void>(co_await std::move(once));
        },
        "awaited twice");
    check_ends_with(
        []() -> task<> {
            auto here = give_one();
            auto there = std::move(here);
            static_cast<void>(co_await std::move(here));
        },
        "moved away");
}
