#include "completion/bench_loop.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <deque>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a cancelled operation whose own CQE comes first is done when its cancel's has come") {
    bench_loop bench;
    in_kernel target(bench);
    const auto request = cancel(bench, target);
    answer(bench, target.user_data, -ECANCELED);
    CHECK(!target.one.done());
    CHECK(bench.completions.in_flight() == 1);
    CHECK(!bench.completions.has_ready());
    answer(bench, request, 0);
    CHECK(target.one.done());
    CHECK(target.one.outcome() == -ECANCELED);
    CHECK(bench.completions.has_ready());
}

TEST_CASE("a cancelled operation whose cancel's CQE comes first is done when its own has come") {
    bench_loop bench;
    in_kernel target(bench);
    const auto request = cancel(bench, target);
    answer(bench, request, 0);
    CHECK(!target.one.done());
    answer(bench, target.user_data, -ECANCELED);
    CHECK(target.one.done());
    CHECK(target.one.outcome() == -ECANCELED);
}

TEST_CASE("both CQEs in one enter end the operation, whatever their order") {
    for (const bool own_first : {true, false}) {
        bench_loop bench;
        in_kernel target(bench);
        const auto request = cancel(bench, target);
        if (own_first) {
            bench.kernel.post(target.user_data, 5);
            bench.kernel.post(request, -ENOENT);
        } else {
            bench.kernel.post(request, -ENOENT);
            bench.kernel.post(target.user_data, 5);
        }
        bench.turn();
        CHECK(target.one.done());
        CHECK(target.one.outcome() == 5);
        CHECK(bench.completions.in_flight() == 0);
    }
}

TEST_CASE("a cancel that found nothing does not end an operation that completes later") {
    bench_loop bench;
    in_kernel target(bench);
    answer(bench, cancel(bench, target), -ENOENT);
    CHECK(!target.one.done());
    bench.turn_at(10'000);
    CHECK(!target.one.done());
    REQUIRE(bench.taken() == 3);  // it is asked again
    answer(bench, bench.last().user_data, -ENOENT);
    CHECK(!target.one.done());
    answer(bench, target.user_data, 7);
    CHECK(target.one.done());
    CHECK(target.one.outcome() == 7);
}

TEST_CASE("an operation keeps its bytes when its cancel finds nothing afterwards") {
    bench_loop bench;
    in_kernel target(bench);
    const auto request = cancel(bench, target);
    answer(bench, target.user_data, 7);
    CHECK(!target.one.done());
    answer(bench, request, -ENOENT);
    CHECK(target.one.outcome() == 7);
}

TEST_CASE("asking twice to cancel sends one request") {
    bench_loop bench;
    in_kernel target(bench);
    bench.completions.cancel(target.one);
    bench.completions.cancel(target.one);
    bench.turn();
    bench.completions.cancel(target.one);
    bench.turn();
    CHECK(bench.taken() == 2);
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(target.user_data, -ECANCELED);
    bench.turn();
    CHECK(bench.completions.counters().cancels == 1);
}

TEST_CASE("cancelling an operation that is done sends nothing") {
    bench_loop bench;
    in_kernel target(bench);
    answer(bench, target.user_data, 9);
    bench.completions.cancel(target.one);
    bench.turn();
    CHECK(bench.taken() == 1);
    CHECK(target.one.outcome() == 9);
}

TEST_CASE(
    "an operation cancelled while it queues for room ends without the kernel having seen it") {
    bench_loop bench;
    std::array<watched, 5> all;
    for (auto& each : all) {
        bench.start(each);
    }
    REQUIRE(all[2].queued());
    REQUIRE(all[4].queued());
    bench.completions.cancel(all[3]);
    bench.completions.cancel(all[4]);
    watched later;
    bench.start(later);  // finds the end of the queue, though that was cancelled
    bench.turn();
    CHECK(all[3].done());
    CHECK(all[3].outcome() == -ECANCELED);
    CHECK(all[4].done());
    for (int i = 0; i < 3; ++i) {
        bench.turn();
    }
    CHECK(bench.taken() == 4);
    CHECK(all[3].prepared() == 0);
    CHECK(later.prepared() == 1);
    for (const auto& each : bench.kernel.seen()) {
        bench.kernel.post(each.user_data, 0);
    }
    bench.turn();
    CHECK(later.done());
}

TEST_CASE("a cancel that finds the SQ full is sent with the next batch, without a sleep between") {
    bench_loop bench;
    in_kernel target(bench);
    std::array<watched, 2> fillers;
    bench.start(fillers[0]);
    bench.start(fillers[1]);
    bench.completions.cancel(target.one);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 3);
    CHECK(bench.kernel.last_wait_for() == 0);
    bench.completions.turn(true, std::nullopt);
    REQUIRE(bench.taken() == 4);
    CHECK(bench.last().address == target.user_data);
    for (const auto& each : bench.kernel.seen()) {
        bench.kernel.post(each.user_data, 0);
    }
    bench.turn();
    CHECK(target.one.done());
}

TEST_CASE("a cancel reaches the kernel when operations take all the room of the CQ") {
    bench_loop bench;
    std::array<watched, 40> all;
    for (auto& each : all) {
        bench.start(each);
    }
    for (int i = 0; i < 40; ++i) {
        bench.turn();
    }
    const auto admitted = bench.taken();
    CHECK(admitted < all.size());
    REQUIRE(all[0].now() == record::state::in_flight);
    bench.completions.cancel(all[0]);
    bench.completions.cancel(all[1]);
    bench.kernel.find_nothing();  // the cancels' CQEs come at once: each makes room for the next
    for (int i = 0; i < 4; ++i) {
        bench.turn();
    }
    CHECK(bench.taken() == admitted + 2);
    CHECK(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.kernel.owed_peak() <= bench.kernel.cq_entries());
    for (auto& each : all) {
        bench.completions.cancel(each);  // those that queue end here
    }
    for (std::size_t i = 0; i < admitted; ++i) {
        bench.kernel.post(bench.kernel.seen()[i].user_data, -ECANCELED);
    }
    for (int i = 0; i < 10; ++i) {
        bench.turn();
    }
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("an operation that is stopped before it starts never reaches the kernel") {
    bench_loop bench;
    bench.flow.request_stop();
    watched one;
    bench.start(one);
    bench.turn();
    CHECK(one.done());
    CHECK(one.outcome() == -ECANCELED);
    CHECK(one.prepared() == 0);
    CHECK(bench.taken() == 0);
    CHECK(bench.flow.waiting_in == nullptr);
}

TEST_CASE("a strand's stop request finds the operation it waits in, and no other") {
    bench_loop bench;
    in_kernel other(bench);
    strand second;
    watched target;
    bench.completions.start(target, std::noop_coroutine(), second);
    bench.turn();
    const auto user_data = bench.last().user_data;
    second.request_stop();
    bench.turn();
    REQUIRE(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.last().address == user_data);
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(user_data, -ECANCELED);
    bench.turn();
    CHECK(target.done());
    CHECK(second.waiting_in == nullptr);
    CHECK(!other.one.done());
    answer(bench, other.user_data, 0);
}

TEST_CASE("a part that ends while a cancel is in flight is told to its hook after both") {
    bench_loop bench;
    watched whole;
    whole.come_in_parts(2);
    bench.start(whole);
    bench.turn();
    const auto user_data = bench.last().user_data;
    bench.completions.cancel(whole);
    bench.turn();
    const auto request = bench.last().user_data;
    answer(bench, user_data, 100);
    CHECK(whole.moved() == 0);
    CHECK(bench.taken() == 2);  // the rest is not submitted while a CQE names the record
    answer(bench, request, -ENOENT);
    CHECK(whole.moved() == 100);
    bench.turn();
    REQUIRE(bench.taken() == 3);
    answer(bench, bench.last().user_data, 50);
    CHECK(whole.done());
    CHECK(whole.moved() == 150);
    CHECK(bench.completions.counters().resubmits == 1);
}

TEST_CASE("ten thousand operations that queue for room are stopped by one look at the queue") {
    bench_loop bench;
    std::deque<watched> all(10'000);
    std::size_t queued = 0;
    for (auto& each : all) {
        bench.start(each);
        queued += each.queued() ? 1 : 0;
    }
    for (auto& each : all) {
        if (each.queued()) {
            bench.completions.cancel(each);
        }
    }
    bench.turn();
    std::size_t ended = 0;
    for (const auto& each : all) {
        ended += each.done() ? 1 : 0;
    }
    CHECK(queued > 9'000);
    CHECK(ended == queued);
    for (const auto& each : bench.kernel.seen()) {
        bench.kernel.post(each.user_data, 0);
    }
    bench.turn();
}
