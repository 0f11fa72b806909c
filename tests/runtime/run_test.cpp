#include "fixture.hpp"

#include <pelton/runtime/runtime.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// The exit code of run(main), and what it printed, in a child.
template <class Main>
ending run_in_child(Main main) {
    return ending_of([&] { ::_exit(run(tiny(), main)); });
}

task<int> add_by_nops(shard& here, int a, int b) {
    for (int i = 0; i < b; ++i) {
        CHECK(co_await nop(here));
        ++a;
    }
    co_return a;
}

}  // namespace

TEST_CASE("run() returns the int that the main task yields") {
    CHECK(run([](shard&) -> task<int> { co_return 0; }) == 0);
    CHECK(run([](shard&) -> task<int> { co_return 42; }) == 42);
    CHECK(run(tiny(), [](shard& here) { return add_by_nops(here, 2, 3); }) == 5);
}

TEST_CASE("run() returns 0 for a task that yields nothing, or something that is no error") {
    CHECK(run(tiny(), [](shard&) -> task<> { co_return; }) == 0);
    CHECK(run(tiny(), [](shard&) -> task<result<void>> { co_return result<void>{}; }) == 0);
    CHECK(run(tiny(), [](shard&) -> task<std::string> { co_return "fine"; }) == 0);
    CHECK(run(tiny(), [](shard&) -> task<result<std::string>> { co_return "fine"; }) == 0);
}

TEST_CASE("run() returns the int inside a result") {
    CHECK(run(tiny(), [](shard&) -> task<result<int>> { co_return 7; }) == 7);
}

TEST_CASE("an error prints one line and is exit code 1") {
    const auto of_nothing =
        run_in_child([](shard&) -> task<result<void>> { co_return failure(ENOENT); });
    CHECK(of_nothing.text == "pelton: No such file or directory\nexit status 1");
    const auto of_int =
        run_in_child([](shard&) -> task<result<int>> { co_return failure(ENOSPC); });
    CHECK(of_int.text == "pelton: No space left on device\nexit status 1");
}

TEST_CASE("an exception prints one line and is exit code 1") {
    const auto known = run_in_child([](shard&) -> task<> {
        throw std::runtime_error("the reason");
        co_return;
    });
    CHECK(known.text == "pelton: the reason\nexit status 1");
    const auto odd = run_in_child([](shard&) -> task<int> {
        throw 5;
        co_return 0;
    });
    CHECK(odd.text ==
          "pelton: the main task threw something that is no std::exception\nexit status 1");
    const auto early =
        run_in_child([](shard&) -> task<int> { throw std::out_of_range("before any task"); });
    CHECK(early.text == "pelton: before any task\nexit status 1");
}

TEST_CASE("an exception of the callable itself, before it made a task, prints one line too") {
    const auto end = run_in_child([](shard& here) -> task<int> {
        const auto make = [](shard&) -> task<int> { throw std::runtime_error("no task"); };
        return make(here);
    });
    CHECK(end.text == "pelton: no task\nexit status 1");
}

TEST_CASE("two runs follow each other, and one may be inside another") {
    for (int i = 0; i < 3; ++i) {
        CHECK(run(tiny(), [](shard& here) { return add_by_nops(here, 0, 100); }) == 100);
    }
    const int outer = run(tiny(), [](shard& here) -> task<int> {
        const int inner = run(tiny(), [](shard& below) { return add_by_nops(below, 1, 5); });
        co_return co_await add_by_nops(here, inner, 1);
    });
    CHECK(outer == 7);
}

TEST_CASE("four threads run at once, each its own shard") {
    std::atomic<int> right{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&right, i] {
                const int sum = run(tiny(), [i](shard& here) -> task<int> {
                    int total = co_await add_by_nops(here, i, 500);
                    const auto pages = co_await here.pages().take(2);
                    co_return pages ? total : -1;
                });
                right += sum == i + 500 ? 1 : 0;
            });
        }
    }
    CHECK(right == 4);
}

TEST_CASE("run() keeps a callable that owns something until its task has ended") {
    auto owned = std::make_unique<int>(9);
    auto main = [held = std::move(owned)](shard& here) -> task<int> {
        CHECK(co_await nop(here));
        co_return *held;
    };
    CHECK(run(tiny(), std::move(main)) == 9);
}

TEST_CASE("run() ends only when nothing is in flight") {
    const pipe_ends silent;
    int cancelled = 0;
    CHECK(run(tiny(), [&](shard& here) -> task<> {
              auto family = [&](children& kids) -> task<> {
                  kids.spawn([&]() -> task<> {
                      const auto got = co_await pipe_read(here, silent.reader());
                      cancelled += got.error() == std::errc::operation_canceled ? 1 : 0;
                  });
                  CHECK(co_await nop(here));
                  kids.request_stop();
              };
              co_await scope(family);
              CHECK(here.completions().in_flight() == 0);
          }) == 0);
    CHECK(cancelled == 1);
}
