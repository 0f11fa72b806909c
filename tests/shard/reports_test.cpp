// What a shard says of itself: dumps, notices, errors that no return value tells.
#include "fixture.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

TEST_CASE("a dump lists each task and what it waits in, then the counters") {
    on_shard([](shard& here) -> task<> {
        pipe_ends pipe;
        std::string text;
        auto read = [&]() -> task<> { static_cast<void>(co_await pipe_read(here, pipe.reader())); };
        auto rest = [&]() -> task<> { static_cast<void>(co_await sleep(1h)); };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(read, "reader");
            kids.spawn(rest, "sleeper");
            for (int i = 0; i < 5; ++i) {
                static_cast<void>(co_await yield());
            }
            text = here.dump();
            kids.request_stop();
            text += here.dump();
        };
        co_await scope(family);
        CHECK(says(text, "reader "));
        CHECK(says(text, "READ of a pipe in the kernel for "));
        CHECK(says(text, "sleeper "));
        CHECK(says(text, "sleep of 3600000000000 ns"));
        CHECK(says(text, "join of 3 tasks"));
        CHECK(says(text, "running or ready"));
        CHECK(says(text, "asked to stop"));
        CHECK(says(text, "in_flight 1 "));
        CHECK(says(text, "timers 1 "));
        for (const auto* counter :
             {"sqes", "enters", "cqes", "short_enters", "enter_retries", "overflows", "room_waits",
              "resumes", "cancels", "cancel_repeats", "resubmits", "turns", "offloads",
              "fixed_transfers", "plain_transfers", "short_transfers"}) {
            CHECK(says(text, counter));
        }
        CHECK(!says(here.dump(), "reader"));
    });
}

TEST_CASE("a dump tells an operation that queues for room from one in the kernel") {
    on_shard([](shard& here) -> task<> {
        pipe_ends silent;
        std::string text;
        auto read = [&]() -> task<> {
            static_cast<void>(co_await pipe_read(here, silent.reader()));
        };
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < 20; ++i) {
                kids.spawn(read);
            }
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(co_await yield());
            }
            text = here.dump();
            kids.request_stop();
        };
        co_await scope(family);
        CHECK(says(text, "READ of a pipe in the kernel"));
        CHECK(says(text, "READ of a pipe queued for room"));
    });
}

TEST_CASE("notices and errors go to the hooks, or to standard error") {
    std::vector<std::string> notices;
    std::vector<std::string> errors;
    auto with = tiny();
    with.notice = [&](std::string_view sentence) { notices.emplace_back(sentence); };
    with.error = [&](std::error_code error, std::string_view what) {
        errors.push_back(std::string(what) + ": " + std::to_string(error.value()));
    };
    on_shard(with, [](shard& here) -> task<> {
        here.notice("less than wished for");
        here.report(std::error_code(EIO, std::system_category()), "close");
        co_return;
    });
    CHECK(notices == std::vector<std::string>{"less than wished for"});
    CHECK(errors == std::vector<std::string>{"close: 5"});

    const auto end = ending_of([] {
        run(tiny(), [](shard& here) -> task<> {
            here.notice("less than wished for");
            here.report(std::error_code(EIO, std::system_category()), "close");
            co_return;
        });
    });
    CHECK(end.text == "pelton: less than wished for\npelton: close: Input/output error\n");
}

TEST_CASE("what standard error does not take is lost, and nothing else") {
    const auto end = ending_of([] {
        const int before = ::dup(STDERR_FILENO);
        const int full = ::open("/dev/full", O_WRONLY);
        ::dup2(full, STDERR_FILENO);
        const int code = run(tiny(), [](shard& here) -> task<result<void>> {
            here.notice("less than wished for");
            here.report(std::error_code(EIO, std::system_category()), "close");
            co_return failure(EIO);
        });
        ::dprintf(before, "went on to its end: %d", code);
    });
    CHECK(end.signal == 0);
    CHECK(end.text == "went on to its end: 1");
}

TEST_CASE("an error hook that throws ends the process with a sentence") {
    const auto end = ending_of([] {
        auto with = tiny();
        with.error = [](std::error_code, std::string_view) { throw 1; };
        run(with, [](shard& here) -> task<> {
            here.report(std::error_code(EIO, std::system_category()), "close");
            co_return;
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "an error could not be reported"));
}
