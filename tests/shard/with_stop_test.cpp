#include "fixture.hpp"

#include <pelton/runtime/shard/with_stop.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/event.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

task<result<std::size_t>> read_of(shard& here, int reader) {
    co_return co_await pipe_read(here, reader);
}

}  // namespace

TEST_CASE("a stop token that another thread stops ends the operation a task waits in") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        std::stop_source quit;
        const std::jthread other([&quit] { quit.request_stop(); });
        const auto got = co_await with_stop(quit.get_token(), read_of(here, silent.reader()));
        CHECK(got.error() == std::errc::operation_canceled);
        CHECK(co_await nop(here));  // the strand around it was not stopped
    });
}

TEST_CASE("a token that was stopped before starts the task stopped; one that cannot be runs it") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends ends;
        ends.write("here");
        std::stop_source quit;
        quit.request_stop();
        const auto late = co_await with_stop(quit.get_token(), read_of(here, ends.reader()));
        CHECK(late.error() == std::errc::operation_canceled);
        const auto never = co_await with_stop(std::stop_token(), read_of(here, ends.reader()));
        CHECK(never.value() == 4);
    });
}

TEST_CASE("a task that is stopped on its own shard while a token watches it, and one that throws") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        std::stop_source quit;
        std::error_code stopped;
        auto wait = [&]() -> task<> {
            const auto got = co_await with_stop(quit.get_token(), read_of(here, silent.reader()));
            stopped = got.error();
        };
        auto body = [&](children& kids) -> task<> {
            kids.spawn(wait);
            static_cast<void>(co_await nop(here));
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(stopped == std::errc::operation_canceled);
        std::string why;
        auto fail = [&]() -> task<> {
            static_cast<void>(co_await nop(here));
            quit.request_stop();  // on its way when the task ends
            throw std::runtime_error("broken");
        };
        try {
            co_await with_stop(quit.get_token(), fail());
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
        CHECK(why == "broken");
    });
}

TEST_CASE("a process that only a token can wake is not taken for one that is stuck") {
    on_shard([](shard&) -> task<> {
        std::stop_source quit;
        event never;
        auto wait = [&]() -> task<result<void>> { co_return co_await never.wait(); };
        const std::jthread other([&quit] {
            std::this_thread::sleep_for(20ms);
            quit.request_stop();
        });
        const auto ended = co_await with_stop(quit.get_token(), wait());
        CHECK(ended.error() == std::errc::operation_canceled);
    });
}

TEST_CASE("stop requests that race with the end of the task they are for touch nothing dead") {
    on_shard([](shard& here) -> task<> {
        std::atomic<std::stop_source*> next{nullptr};
        std::atomic<int> asked{0};
        // Each waits for the other asleep: two that spin keep a busy machine from running either.
        std::stop_source over;
        const std::jthread stopper([&] {
            for (;;) {
                next.wait(nullptr);
                auto* const one = next.exchange(nullptr);
                if (one == &over) {
                    return;
                }
                one->request_stop();
                asked.fetch_add(1);
                asked.notify_one();
            }
        });
        int ended = 0;
        constexpr int rounds = 3'000;
        for (int i = 0; i < rounds; ++i) {
            std::stop_source quit;
            auto work = [&]() -> task<result<int>> {
                next.store(&quit);
                next.notify_one();
                for (int n = 0; n < i % 4; ++n) {
                    if (const auto done = co_await nop(here); !done) {
                        co_return std::unexpected(done.error());
                    }
                }
                co_return 1;
            };
            const auto got = co_await with_stop(quit.get_token(), work());
            ended += got || got.error() == std::errc::operation_canceled ? 1 : 0;
            asked.wait(i);
        }
        next.store(&over);
        next.notify_one();
        CHECK(ended == rounds);
    });
}
