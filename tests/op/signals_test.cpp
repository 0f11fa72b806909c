#include "op/on_shard.hpp"

#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/op/signals.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

using namespace pelton;
using namespace std::chrono_literals;

namespace {

void* action_of(int number) {
    struct sigaction now{};
    REQUIRE(::sigaction(number, nullptr, &now) == 0);
    return reinterpret_cast<void*>(now.sa_handler);
}

}  // namespace

TEST_CASE("a signal wakes the task that waits for it, and one that came before is not lost") {
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        signals some(here, SIGUSR1, SIGUSR2);
        REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
        CHECK((co_await some.next()).value() == SIGUSR2);
        const std::jthread other([] { ::kill(::getpid(), SIGUSR1); });
        CHECK((co_await some.next()).value() == SIGUSR1);
        const auto none = co_await with_timeout(1ms, some.next());
        CHECK(none.error() == std::errc::timed_out);
    });
}

TEST_CASE("signals of one number that nobody asked for meanwhile count as one") {
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        signals some(here, SIGUSR1, SIGUSR2);
        for (int i = 0; i < 5; ++i) {
            REQUIRE(::raise(SIGUSR1) == 0);
            REQUIRE(::raise(SIGUSR2) == 0);
        }
        CHECK((co_await some.next()).value() == SIGUSR1);
        CHECK((co_await some.next()).value() == SIGUSR2);
        const auto none = co_await with_timeout(1ms, some.next());
        CHECK(none.error() == std::errc::timed_out);
    });
}

TEST_CASE("every signals object hears of a signal; the last one's end restores what it did") {
    const auto before = action_of(SIGUSR1);
    test::on_shard(test::narrow(), [&](shard& here) -> task<> {
        signals one(here, SIGUSR1);
        {
            signals two(here, SIGUSR1);
            REQUIRE(::raise(SIGUSR1) == 0);
            CHECK((co_await one.next()).value() == SIGUSR1);
            CHECK((co_await two.next()).value() == SIGUSR1);
        }
        CHECK(action_of(SIGUSR1) != before);
        REQUIRE(::raise(SIGUSR1) == 0);
        CHECK((co_await one.next()).value() == SIGUSR1);
    });
    CHECK(action_of(SIGUSR1) == before);
}

TEST_CASE("a signal that nobody can catch is an exception, and nothing stays watched") {
    const auto before = action_of(SIGUSR1);
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        CHECK_THROWS_AS(signals(here, SIGUSR1, SIGKILL), std::system_error);
        co_return;
    });
    CHECK(action_of(SIGUSR1) == before);
}

TEST_CASE("signals from another thread at any time, while watches come and go, are heard or not") {
    std::atomic<bool> over{false};
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;  // what it does while nobody watches
    struct sigaction before{};
    REQUIRE(::sigaction(SIGUSR1, &ignore, &before) == 0);
    std::jthread sender([&over] {
        while (!over.load()) {
            ::kill(::getpid(), SIGUSR1);
        }
    });
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        for (int i = 0; i < 200; ++i) {
            signals some(here, SIGUSR1);
            CHECK((co_await some.next()).value() == SIGUSR1);
        }
    });
    over.store(true);
    sender.join();
    REQUIRE(::sigaction(SIGUSR1, &before, nullptr) == 0);
}
