#include "fixture.hpp"
#include "forwarding_ring.hpp"
#include "skipped_time.hpp"

#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <utility>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

task<> sleep_and_note(std::chrono::nanoseconds length, std::vector<int>& order, int number) {
    CHECK(co_await sleep(length));
    order.push_back(number);
}

task<result<void>> slept(std::chrono::nanoseconds length) {
    co_return co_await sleep(length);
}

// The real ring, on which the first cancel finds nothing.
class missing_ring final : public forwarding_ring {
public:
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        for (unsigned at = *ring.sq.khead; at != *ring.sq.ktail; ++at) {
            auto& sqe = ring.sq.sqes[at & *ring.sq.kring_mask];
            if (sqe.opcode == abi::op_async_cancel && std::exchange(misses_, false)) {
                sqe.addr = ~std::uint64_t{0};
            }
        }
        return forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }

private:
    bool misses_ = true;
};

}  // namespace

TEST_CASE("sleeps end in the order of their deadlines") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard&) -> task<> {
        std::vector<int> order;
        co_await when_all(sleep_and_note(30ms, order, 3), sleep_and_note(10ms, order, 1),
                          sleep_and_note(20ms, order, 2));
        CHECK(order == std::vector{1, 2, 3});
    });
    CHECK(time.sleeps() == std::vector<std::uint64_t>{10'000'000, 10'000'000, 10'000'000});
}

TEST_CASE("a sleep ends at its deadline and not before") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        for (const auto length : {1ns, 999ns, 1'000'000ns, 3'600'000'000'000ns}) {
            const auto start = time.now();
            CHECK(co_await sleep(length));
            CHECK(time.now() == start + static_cast<std::uint64_t>(length.count()));
        }
        CHECK(here.clock().empty());
    });
}

TEST_CASE("100,000 sleeps of random lengths end in order") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        std::mt19937 luck(5);
        std::uint64_t last = 0;
        std::size_t ended = 0;
        auto one = [&](std::chrono::nanoseconds length) -> task<> {
            const auto deadline = time.now() + static_cast<std::uint64_t>(length.count());
            CHECK(co_await sleep(length));
            REQUIRE(deadline >= last);
            last = deadline;
            ++ended;
        };
        std::vector<task<>> many;
        for (int i = 0; i < 100'000; ++i) {
            many.push_back(one(std::chrono::nanoseconds(1 + luck() % 1'000'000)));
        }
        many.push_back([](shard& at) -> task<> {
            CHECK(at.clock().armed() == 100'000);
            co_return;
        }(here));
        static_cast<void>(co_await when_all(std::move(many)));
        CHECK(ended == 100'000);
        CHECK(here.clock().empty());
    });
}

TEST_CASE("a sleep of no time, or of less, gives way to others and ends") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        CHECK(co_await sleep(0ns));
        CHECK(co_await sleep(-5s));
        CHECK(co_await yield());
        CHECK(here.clock().empty());
    });
    CHECK(time.sleeps().empty());
}

TEST_CASE("a sleep that is asked to stop ends at once with ECANCELED, and its timer is gone") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard& here) -> task<> {
        std::vector<std::error_code> ends;
        auto one = [&]() -> task<> { ends.push_back((co_await sleep(1h)).error()); };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(one);
            kids.spawn(one);
            static_cast<void>(co_await yield());
            CHECK(here.clock().armed() == 2);
            kids.request_stop();
            kids.request_stop();
            CHECK(here.clock().empty());
        };
        co_await scope(family);
        CHECK(ends.size() == 2);
        for (const auto& each : ends) {
            CHECK(each == std::errc::operation_canceled);
        }
    });
    CHECK(time.sleeps().empty());
}

TEST_CASE("a stopped task does not sleep, nor yield without saying so") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard&) -> task<> {
        auto family = [&](children& kids) -> task<> {
            kids.request_stop();
            CHECK((co_await sleep(1h)).error() == std::errc::operation_canceled);
            CHECK((co_await yield()).error() == std::errc::operation_canceled);
        };
        co_await scope(family);
    });
    CHECK(time.sleeps().empty());
}

TEST_CASE("the error of a stopped sleep is a sibling's failure like any other") {
    skipped_time time;
    on_shard(time.of(tiny()), [&](shard&) -> task<> {
        auto family = [](children& kids) -> task<result<void>> {
            kids.spawn([] { return slept(1h); });
            kids.spawn([]() -> task<result<void>> { co_return failure(EIO); });
            co_return result<void>{};
        };
        CHECK((co_await scope(family)).error() == std::errc::io_error);
    });
}

TEST_CASE("tasks that yield take turns") {
    on_shard([](shard&) -> task<> {
        std::vector<int> order;
        auto one = [&](int number) -> task<> {
            for (int i = 0; i < 4; ++i) {
                order.push_back(number);
                CHECK(co_await yield());
            }
        };
        co_await when_all(one(1), one(2), one(3));
        CHECK(order == std::vector{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3});
    });
}

TEST_CASE("tasks that always yield do not keep completions, timers or doorbells from the others") {
    auto with = tiny();
    with.resumes_per_turn = 4;
    skipped_time time;
    on_shard(time.of(with), [&](shard& here) -> task<> {
        bool done = false;
        std::uint64_t yields = 0;
        auto spin = [&]() -> task<> {
            while (!done) {
                time.pass(1'000);
                ++yields;
                static_cast<void>(co_await yield());
            }
        };
        auto work = [&]() -> task<> {
            for (int i = 0; i < 10; ++i) {
                CHECK(co_await nop(here));
            }
            CHECK(co_await sleep(1ms));
            done = true;
        };
        co_await when_all(spin(), spin(), work());
        CHECK(yields >= 1'000);
        CHECK(yields < 2'000);
    });
}

TEST_CASE("a process that only sleeps does not wake for nothing") {
    on_shard([](shard& here) -> task<> {
        const auto before = here.queues().counters().enters;
        CHECK(co_await sleep(50ms));
        CHECK(here.queues().counters().enters - before <= 3);
    });
}

TEST_CASE("a cancel that found nothing is sent again, though nothing else would wake the shard") {
    missing_ring kernel;
    auto with = tiny();
    with.ring_kernel = &kernel;
    on_shard(with, [](shard& here) -> task<> {
        const pipe_ends silent;
        auto read = [&]() -> task<> { CHECK(!co_await pipe_read(here, silent.reader())); };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(read);
            CHECK(co_await nop(here));  // the read is in the kernel now, too
            kids.request_stop();
        };
        co_await scope(family);
        CHECK(here.completions().counters().cancel_repeats == 1);
    });
}

TEST_CASE("a process that waits for its peer does not wake for nothing") {
    on_shard([](shard& here) -> task<> {
        pipe_ends pipe;
        const auto before = here.queues().counters().enters;
        auto write_later = [&]() -> task<> {
            CHECK(co_await sleep(30ms));
            pipe.write("x");
        };
        auto read = [&]() -> task<std::size_t> {
            const auto got = co_await pipe_read(here, pipe.reader());
            co_return got.value_or(0);
        };
        const auto [nothing, got] = co_await when_all(write_later(), read());
        CHECK(got == 1);
        CHECK(here.queues().counters().enters - before <= 5);
    });
}
