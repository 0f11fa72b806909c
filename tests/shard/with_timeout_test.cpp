#include "fixture.hpp"
#include "skipped_time.hpp"

#include <pelton/runtime/outcome/deadline_passed.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/shield.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

task<result<int>> value_after(std::chrono::nanoseconds length, int value) {
    const auto slept = co_await sleep(length);
    if (!slept) {
        co_return std::unexpected(slept.error());
    }
    co_return value;
}

task<> nothing_after(std::chrono::nanoseconds length) {
    static_cast<void>(co_await sleep(length));
}

template <class Result>
bool timed_out(const Result& ended) {
    return !ended && ended.error() == std::errc::timed_out && ended.error() == deadline_passed();
}

// Turns without the time passing: the loop is as busy as it can be.
task<> be_busy(shard& here) {
    for (int i = 0; i < 200; ++i) {
        CHECK(co_await with_timeout(10s, nop(here)));
    }
}

}  // namespace

TEST_CASE("an operation that ends in time is not touched by its deadline") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        CHECK(co_await with_timeout(10ms, nop(here)));
        CHECK(here.clock().empty());
        CHECK(co_await with_timeout(10ms, sleep(5ms)));
        CHECK(here.clock().empty());
        CHECK(co_await sleep(20ms));
    });
    CHECK(time.sleeps() == std::vector<std::uint64_t>{5'000'000, 20'000'000});
}

TEST_CASE("a deadline ends an operation that waits: in the kernel, asleep, for pages, for room") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        CHECK(timed_out(co_await with_timeout(10ms, pipe_read(here, silent.reader()))));
        CHECK(timed_out(co_await with_timeout(10ms, sleep(1h))));
        const auto all = co_await here.pages().take(16);
        CHECK(all);
        const auto more = co_await with_timeout(10ms, here.pages().take(1));
        CHECK(timed_out(more));
        CHECK(here.clock().empty());
        CHECK(co_await nop(here));  // the strand itself was never stopped
    });
    CHECK(time.sleeps() == std::vector<std::uint64_t>{10'000'000, 10'000'000, 10'000'000});
}

TEST_CASE("a deadline of no time still yields what is there already") {
    on_shard([](shard& here) -> task<> {
        // Of a pipe Linux 6.1 would read what is there in a second step, which may come too late.
        std::array<int, 2> ends{};
        require_call(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
                     "socketpair");
        require_call(::write(ends[1], "here", 4) == 4, "write");
        const auto got = co_await with_timeout(0ns, pipe_read(here, ends[0]));
        CHECK(got.value() == 4);
        const auto none = co_await with_timeout(-1s, pipe_read(here, ends[0]));
        CHECK(timed_out(none));
        ::close(ends[0]);
        ::close(ends[1]);
        const auto pages = co_await with_timeout(0ns, here.pages().take(3));
        CHECK(pages.value().pages() == 3);
    });
}

TEST_CASE("deadlines nest: whichever passes first ends it, and is what it says") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        auto start = time.now();
        const auto inner =
            co_await with_timeout(50ms, with_timeout(10ms, pipe_read(here, silent.reader())));
        CHECK(timed_out(inner));
        CHECK(time.now() - start == 10'000'000);
        start = time.now();
        const auto outer =
            co_await with_timeout(10ms, with_timeout(50ms, pipe_read(here, silent.reader())));
        CHECK(timed_out(outer));
        CHECK(time.now() - start == 10'000'000);
        std::error_code seen_inside;
        auto patient = [&]() -> task<result<void>> {
            const auto slept = co_await with_timeout(1h, sleep(2h));
            seen_inside = slept.error();
            co_return slept;
        };
        const auto around = co_await with_timeout(10ms, patient());
        CHECK(timed_out(around));
        CHECK(seen_inside == std::errc::operation_canceled);  // that deadline had not passed
        CHECK(here.clock().empty());
    });
}

TEST_CASE("a stop request is operation_canceled under a deadline, also when both come at once") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        std::error_code stopped;
        std::error_code late;
        auto wait = [&]() -> task<> {
            const auto got = co_await with_timeout(1h, pipe_read(here, silent.reader()));
            stopped = got.error();
            const auto then = co_await with_timeout(1h, pipe_read(here, silent.reader()));
            late = then.error();
        };
        auto body = [&](children& kids) -> task<> {
            kids.spawn(wait);
            static_cast<void>(co_await nop(here));
            kids.request_stop();
            time.pass(7'200'000'000'000);  // the deadline passes before the cancel is answered
        };
        co_await scope(body);
        CHECK(stopped == std::errc::operation_canceled);
        CHECK(late == std::errc::operation_canceled);
        CHECK(here.clock().empty());
    });
}

TEST_CASE("a task is stopped at its deadline and yields what it makes of that") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard&) -> task<> {
        CHECK(timed_out(co_await with_timeout(10ms, value_after(1h, 1))));
        const auto in_time = co_await with_timeout(1h, value_after(10ms, 2));
        CHECK(in_time.value() == 2);
        CHECK(timed_out(co_await with_timeout(10ms, nothing_after(1h))));
        CHECK(co_await with_timeout(1h, nothing_after(10ms)));
        // What came all the same is not taken from its owner.
        auto stubborn = []() -> task<result<int>> {
            static_cast<void>(co_await sleep(1h));
            co_return 3;
        };
        const auto kept = co_await with_timeout(10ms, stubborn());
        CHECK(kept.value() == 3);
        auto plain = []() -> task<int> { co_return 4; };
        const result<int> made = co_await with_timeout(10ms, plain());
        CHECK(made.value() == 4);
    });
}

TEST_CASE("an exception passes a deadline; that of a scope it stopped is the deadline's") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        std::string why;
        auto fail = []() -> task<> {
            static_cast<void>(co_await sleep(1ms));
            throw std::runtime_error("broken");
        };
        try {
            static_cast<void>(co_await with_timeout(10ms, fail()));
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
        CHECK(why == "broken");
        auto family = [](children& kids) -> task<> {
            kids.spawn([]() -> task<result<int>> { return value_after(1h, 1); });
            co_return;
        };
        CHECK(timed_out(co_await with_timeout(10ms, scope(family))));
        CHECK(here.clock().empty());
    });
}

TEST_CASE("an offloaded call is waited for though its deadline passes, and its value comes") {
    on_shard([](shard& here) -> task<> {
        auto call = [] { return 5; };
        const result<int> got = co_await with_timeout(0ns, offload(here, call));
        CHECK(got.value() == 5);
        bool ran = false;
        auto quiet = [&] { ran = true; };
        CHECK(co_await with_timeout(0ns, offload(here, quiet)));
        CHECK(ran);
    });
}

TEST_CASE("a deadline does not reach through a shield") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard&) -> task<> {
        const auto start = time.now();
        CHECK(co_await with_timeout(10ms, shield(sleep(1s))));
        CHECK(time.now() - start == 1'000'000'000);
        const auto inside = co_await shield(with_timeout(10ms, sleep(1s)));
        CHECK(timed_out(inside));
    });
}

TEST_CASE("an operation under a deadline that queues for room ends at it") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        int ended = 0;
        auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < 20; ++i) {  // more than the CQ of 8 has room for
                kids.spawn([&]() -> task<> {
                    const auto got = co_await with_timeout(10ms, pipe_read(here, silent.reader()));
                    ended += timed_out(got) ? 1 : 0;
                });
            }
            co_return;
        };
        co_await scope(body);
        CHECK(ended == 20);
        CHECK(here.completions().counters().room_waits > 0);
    });
}

TEST_CASE("a busy loop reads no precise clock for deadlines that are far away") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        auto one_that_sleeps = [&]() -> task<> { CHECK(co_await sleep(1h)); };
        auto others = [&]() -> task<> {
            co_await be_busy(here);
            const auto before = time.readings();
            co_await be_busy(here);
            CHECK(time.readings() == before);
        };
        co_await when_all(one_that_sleeps(), others());
    });
}

TEST_CASE("a far deadline of a loop that was busy until then is exact") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        co_await be_busy(here);
        CHECK(timed_out(co_await with_timeout(10s, pipe_read(here, silent.reader()))));
        CHECK(here.clock().empty());
    });
    CHECK(time.sleeps() == std::vector<std::uint64_t>{10'000'000'000});
}

TEST_CASE("a near deadline of a busy loop is exact") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        const pipe_ends silent;
        co_await be_busy(here);
        CHECK(timed_out(co_await with_timeout(10ms, pipe_read(here, silent.reader()))));
    });
    CHECK(time.sleeps() == std::vector<std::uint64_t>{10'000'000});
}

TEST_CASE("a far deadline passes while the loop is busy, at most a tick late") {
    skipped_time time;
    time.tick_every(4'000'000);
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        auto work = [&]() -> task<result<void>> {
            for (;;) {
                time.pass(10'000);
                if (const auto done = co_await nop(here); !done) {
                    co_return done;
                }
            }
        };
        co_await be_busy(here);
        const auto begun = time.now();
        CHECK(timed_out(co_await with_timeout(300ms, work())));
        CHECK(time.now() - begun >= 300'000'000);
        CHECK(time.now() - begun <= 304'100'000);
        CHECK(here.clock().empty());
    });
}
