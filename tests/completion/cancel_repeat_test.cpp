#include "completion/bench_loop.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a cancel answered EALREADY is repeated after 1 ms, then 2, until the operation ends") {
    bench_loop bench;
    in_kernel target(bench);
    auto request = cancel(bench, target);
    answer(bench, request, -EALREADY);
    CHECK(!target.one.done());
    CHECK(bench.completions.next_due_ms() == 1);
    bench.turn_at(0);
    CHECK(bench.taken() == 2);
    bench.turn_at(1);
    REQUIRE(bench.taken() == 3);
    CHECK(bench.last().address == target.user_data);
    bench.kernel.post(bench.last().user_data, -EALREADY);
    bench.turn_at(1);
    CHECK(bench.completions.next_due_ms() == 3);
    bench.turn_at(2);
    CHECK(bench.taken() == 3);
    bench.turn_at(3);
    REQUIRE(bench.taken() == 4);
    CHECK(!target.one.done());
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(target.user_data, -ECANCELED);
    bench.turn_at(3);
    CHECK(target.one.done());
    CHECK(bench.completions.counters().cancels == 3);
    CHECK(bench.completions.counters().cancel_repeats == 2);
    CHECK(!bench.completions.next_due_ms());
}

// Seen with a connect that its first try could not end: on its way to a kernel thread nothing finds
// it, and there it waits for ever.
TEST_CASE("a cancel answered ENOENT is repeated too, until the operation ends") {
    bench_loop bench;
    in_kernel target(bench);
    answer(bench, cancel(bench, target), -ENOENT);
    CHECK(!target.one.done());
    CHECK(bench.completions.next_due_ms() == 1);
    bench.turn_at(1);
    REQUIRE(bench.taken() == 3);
    CHECK(bench.last().address == target.user_data);
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(target.user_data, -ECANCELED);
    bench.turn_at(1);
    CHECK(target.one.done());
    CHECK(!bench.completions.next_due_ms());
}

TEST_CASE("repeats of a cancel are at most 256 ms apart, however long the operation lasts") {
    bench_loop bench;
    in_kernel target(bench);
    answer(bench, cancel(bench, target), -EALREADY);
    std::uint32_t now = 0;
    for (int round = 0; round < 300; ++round) {
        const auto due = bench.completions.next_due_ms();
        REQUIRE(due);
        REQUIRE(*due - now <= 256);
        now = *due;
        bench.turn_at(now);
        answer(bench, bench.last().user_data, -EALREADY);
    }
    answer(bench, target.user_data, 1);
    CHECK(target.one.done());
}

TEST_CASE("an operation that ends before its cancel is repeated is not cancelled again") {
    bench_loop bench;
    in_kernel target(bench);
    in_kernel other(bench);
    answer(bench, cancel(bench, target), -EALREADY);
    answer(bench, cancel(bench, other), -EALREADY);
    const auto taken = bench.taken();
    answer(bench, target.user_data, 3);
    CHECK(target.one.done());
    bench.turn_at(1'000);
    CHECK(bench.taken() == taken + 1);
    CHECK(bench.last().address == other.user_data);
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(other.user_data, -ECANCELED);
    bench.turn();
    CHECK(other.one.done());
}

TEST_CASE("the wrapping clock does not hold a repeated cancel back") {
    bench_loop bench;
    bench.completions.set_now_ms(UINT32_MAX);
    in_kernel target(bench);
    answer(bench, cancel(bench, target), -EALREADY);
    CHECK(bench.completions.next_due_ms() == 0);
    bench.turn_at(UINT32_MAX);
    CHECK(bench.taken() == 2);
    bench.turn_at(0);
    CHECK(bench.taken() == 3);
    bench.kernel.post(target.user_data, -ECANCELED);
    bench.kernel.post(bench.last().user_data, 0);
    bench.turn();
}
