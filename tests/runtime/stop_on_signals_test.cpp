#include "fixture.hpp"

#include <pelton/runtime/op/stop_on_signals.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/task/shield.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>

using namespace pelton;
using namespace pelton::test;

namespace {

options stoppable() {
    auto with = tiny();
    with.stop_on_signals = true;
    return with;
}

template <class Main>
ending run_in_child(Main main) {
    return ending_of([&] {
        std::signal(SIGINT, SIG_DFL);
        std::signal(SIGTERM, SIG_DFL);
        ::_exit(run(stoppable(), main));
    });
}

}  // namespace

TEST_CASE("SIGINT and SIGTERM cancel the main task, and the exit code says which it was") {
    for (const int number : {SIGINT, SIGTERM}) {
        const auto end = run_in_child([number](shard& here) -> task<result<void>> {
            const pipe_ends silent;
            REQUIRE(::raise(number) == 0);
            const auto got = co_await pipe_read(here, silent.reader());
            co_return std::unexpected(got.error());
        });
        CHECK(end.signal == 0);
        CHECK(end.text == "exit status " + std::to_string(128 + number));
    }
}

TEST_CASE("a main task that ends well after a signal has its own exit code") {
    const auto end = run_in_child([](shard& here) -> task<int> {
        const pipe_ends silent;
        REQUIRE(::raise(SIGTERM) == 0);
        const auto got = co_await pipe_read(here, silent.reader());
        co_return got.error() == std::errc::operation_canceled ? 7 : 1;
    });
    CHECK(end.text == "exit status 7");
}

TEST_CASE("a second signal has its default action, whatever the main task does") {
    const auto end = run_in_child([](shard& here) -> task<> {
        const pipe_ends silent;
        REQUIRE(::raise(SIGINT) == 0);
        static_cast<void>(co_await nop(here));
        REQUIRE(::raise(SIGINT) == 0);
        static_cast<void>(co_await shield(pipe_read(here, silent.reader())));
    });
    CHECK(end.signal == SIGINT);
}

TEST_CASE("a signal that was ignored when the process started stays ignored") {
    const auto end = ending_of([] {
        std::signal(SIGINT, SIG_IGN);
        ::_exit(run(stoppable(), [](shard& here) -> task<int> {
            REQUIRE(::raise(SIGINT) == 0);
            co_return co_await nop(here) ? 5 : 1;
        }));
    });
    CHECK(end.text == "exit status 5");
}

TEST_CASE("with signals watched, what main yields or throws comes out as without") {
    CHECK(run(stoppable(), [](shard&) -> task<int> { co_return 42; }) == 42);
    CHECK(run(stoppable(), [](shard&) -> task<> { co_return; }) == 0);
    const auto end = run_in_child([](shard&) -> task<> {
        throw std::runtime_error("broken");
        co_return;
    });
    CHECK(end.text == "pelton: broken\nexit status 1");
    const auto cancelled =
        run_in_child([](shard&) -> task<result<void>> { co_return failure(ECANCELED); });
    CHECK(cancelled.text == "pelton: Operation canceled\nexit status 1");
}
