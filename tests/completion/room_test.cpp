#include "completion/bench_loop.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

std::vector<std::uint64_t> user_data_of(const std::vector<seen_sqe>& seen) {
    std::vector<std::uint64_t> all;
    for (const auto& each : seen) {
        all.push_back(each.user_data);
    }
    return all;
}

std::uint64_t address_of(const watched& one) {
    return reinterpret_cast<std::uint64_t>(static_cast<const record*>(&one));
}

}  // namespace

TEST_CASE(
    "operations reach the kernel in the order in which they started, through the room queue") {
    bench_loop bench;
    std::deque<watched> all;
    std::vector<std::uint64_t> order;
    for (int i = 0; i < 100; ++i) {
        order.push_back(address_of(all.emplace_back()));
        bench.start(all.back());
        if (i % 7 == 6) {
            bench.turn();
        }
    }
    // The kernel answers what it has in reverse, a few at a time: what queues still keeps its
    // order.
    std::size_t answered = 0;
    while (bench.completions.in_flight() != 0 || bench.completions.has_queued()) {
        for (auto at = bench.taken(); at > answered; --at) {
            bench.kernel.post(bench.kernel.seen()[at - 1].user_data, 0);
        }
        answered = bench.taken();
        bench.turn();
    }
    CHECK(user_data_of(bench.kernel.seen()) == order);
    for (auto& each : all) {
        CHECK(each.done());
    }
    CHECK(bench.completions.counters().room_waits > 50);
}

TEST_CASE("the kernel never owes more CQEs than the CQ holds, cancels and the doorbell included") {
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
        std::mt19937 luck(seed);
        bench_loop bench(entries(2, 8));
        watched bell;
        bool reserved = false;
        std::deque<watched> all;
        std::vector<std::uint64_t> owed;
        std::size_t looked_at = 0;
        for (int step = 0; step < 2'000; ++step) {
            const auto dice = luck() % 8;
            if (dice < 4 && all.size() < 500) {
                bench.start(all.emplace_back());
            } else if (dice == 4 && !all.empty()) {
                bench.completions.cancel(all[luck() % all.size()]);
            } else if (dice == 5 && !reserved && step > 1'000) {
                reserved = true;
                bench.completions.start_reserved(bell);
            } else {
                bench.turn_at(static_cast<std::uint32_t>(step));
            }
            for (; looked_at < bench.taken(); ++looked_at) {
                owed.push_back(bench.kernel.seen()[looked_at].user_data);
            }
            if (luck() % 4 == 0 && !owed.empty()) {
                std::swap(owed[luck() % owed.size()], owed.back());
                bench.kernel.post(owed.back(), luck() % 2 == 0 ? 0 : -EALREADY);
                owed.pop_back();
            }
        }
        for (std::uint32_t now = 3'000; bench.completions.in_flight() != 0 && now < 9'000; ++now) {
            bench.turn_at(now);
            for (; looked_at < bench.taken(); ++looked_at) {
                owed.push_back(bench.kernel.seen()[looked_at].user_data);
            }
            for (const auto each : std::exchange(owed, {})) {
                bench.kernel.post(each, 0);
            }
        }
        CHECK(bench.completions.in_flight() == 0);
        CHECK(bench.kernel.owed_peak() <= bench.kernel.cq_entries());
        CHECK(bench.kernel.owed_peak() + 3 > bench.kernel.cq_entries());  // room is used
        for (auto& each : all) {
            CHECK(each.done());
        }
    }
}

TEST_CASE("a doorbell that opens when the CQ's room is taken still has a place in it") {
    bench_loop bench;
    std::array<watched, 20> all;
    watched bell;
    for (auto& each : all) {
        bench.start(each);
    }
    for (int i = 0; i < 10; ++i) {
        bench.turn();
    }
    const auto admitted = bench.taken();
    REQUIRE(admitted < all.size());
    bench.completions.start_reserved(bell);
    bench.turn();
    CHECK(bench.taken() == admitted + 1);
    CHECK(bench.kernel.owed_peak() <= bench.kernel.cq_entries());
    for (auto& each : all) {
        bench.completions.cancel(each);
    }
    bench.kernel.find_nothing();
    bench.kernel.post(bench.last().user_data, 8);
    for (std::size_t i = 0; i < admitted; ++i) {
        bench.kernel.post(bench.kernel.seen()[i].user_data, 0);
    }
    for (int i = 0; i < 10; ++i) {
        bench.turn();
    }
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("places that are kept for the bells of peers stay free") {
    bench_loop bench(entries(2, 8));
    bench.completions.keep_places_for(3);
    std::array<watched, 10> all;
    for (auto& each : all) {
        bench.start(each);
    }
    for (int i = 0; i < 10; ++i) {
        bench.turn();
    }
    CHECK(bench.taken() == 3);  // of 8, less the peers', the doorbell's and a cancel's
    for (std::size_t i = 0; i < bench.taken(); ++i) {
        answer(bench, bench.kernel.seen()[i].user_data, 0);
    }
}

TEST_CASE("a doorbell that finds the SQ full is submitted next, without a sleep between") {
    bench_loop bench;
    std::array<watched, 2> fillers;
    watched bell;
    bench.start(fillers[0]);
    bench.start(fillers[1]);
    bench.completions.start_reserved(bell);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 2);
    CHECK(bench.kernel.last_wait_for() == 0);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 3);
    CHECK(bench.kernel.last_wait_for() == 1);
    for (const auto& each : bench.kernel.seen()) {
        bench.kernel.post(each.user_data, 8);
    }
    bench.turn();
}

TEST_CASE("the loop does not sleep while something it could submit waits for the SQ alone") {
    bench_loop bench;
    std::array<watched, 4> all;
    for (auto& each : all) {
        bench.start(each);
    }
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 2);
    CHECK(bench.kernel.last_wait_for() == 0);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 4);
    CHECK(bench.kernel.last_wait_for() == 1);
    for (const auto& each : bench.kernel.seen()) {
        bench.kernel.post(each.user_data, 0);
    }
    bench.turn();
}

TEST_CASE("the loop sleeps while what waits needs room in the CQ") {
    bench_loop bench;
    std::array<watched, 40> all;
    for (auto& each : all) {
        bench.start(each);
    }
    for (int i = 0; i < 20; ++i) {
        bench.completions.turn(true, std::nullopt);
    }
    CHECK(bench.completions.has_queued());
    CHECK(bench.kernel.last_wait_for() == 1);
    CHECK(bench.kernel.enters() == 20);
    for (std::size_t i = 0; i < bench.taken(); ++i) {
        bench.kernel.post(bench.kernel.seen()[i].user_data, 0);
        bench.turn();
    }
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("an operation that needs more scratch than is left waits for the next enter, in order") {
    bench_loop bench(entries(8));
    std::array<watched, 4> all;
    all[0].need_scratch(3'000);
    all[1].need_scratch(3'000);
    for (auto& each : all) {
        bench.start(each);
    }
    CHECK(all[1].queued());
    CHECK(all[2].queued());  // it does not overtake
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 1);
    CHECK(bench.kernel.last_wait_for() == 0);
    bench.turn();
    CHECK(bench.taken() == 4);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(bench.kernel.seen()[i].user_data == address_of(all[i]));
        bench.kernel.post(bench.kernel.seen()[i].user_data, 0);
    }
    bench.turn();
}

TEST_CASE("scratch is not handed out again while an SQE that points to it was not taken") {
    bench_loop bench(entries(8));
    std::array<watched, 3> all;
    all[1].need_scratch(4'000);
    all[2].need_scratch(4'000);
    for (auto& each : all) {
        bench.start(each);
    }
    bench.kernel.take_at_most(1);
    bench.turn();  // the second stays in the SQ
    bench.kernel.take_at_most(0);
    bench.turn();
    CHECK(all[2].queued());
    bench.kernel.take_at_most(8);
    bench.turn();
    bench.turn();
    REQUIRE(bench.taken() == 3);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(bench.kernel.seen()[i].user_data == address_of(all[i]));
        bench.kernel.post(bench.kernel.seen()[i].user_data, 0);
    }
    bench.turn();
}

TEST_CASE("what a short enter left in the SQ is submitted by the next, once") {
    bench_loop bench(entries(8));
    std::array<watched, 8> all;
    for (auto& each : all) {
        bench.start(each);
    }
    for (const unsigned some : {0U, 3U, 0U, 1U, 4U}) {
        bench.kernel.take_at_most(some);
        bench.turn();
    }
    REQUIRE(bench.taken() == 8);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(bench.kernel.seen()[i].user_data == address_of(all[i]));
        bench.kernel.post(bench.kernel.seen()[i].user_data, static_cast<std::int32_t>(i));
    }
    bench.turn();
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].outcome() == static_cast<std::int32_t>(i));
    }
    CHECK(bench.queues.counters().short_enters == 4);
    CHECK(bench.queues.counters().sqes == 8);
}

TEST_CASE("the rest of a transfer queues behind what waits, and ends when its last part has come") {
    bench_loop bench;
    watched whole;
    whole.come_in_parts(3);
    bench.start(whole);
    for (int part = 0; part < 3; ++part) {
        CHECK(!whole.done());
        bench.turn();
        bench.kernel.post(bench.last().user_data, 10);
        bench.turn();
    }
    CHECK(whole.done());
    CHECK(whole.moved() == 30);
    CHECK(whole.prepared() == 3);
    CHECK(bench.completions.counters().resubmits == 2);
}
