// Chains that a coroutine waits for, and stop requests to them.
#include "completion/bench_loop.hpp"

#include <pelton/runtime/completion/chain.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

// Three members that one waiter waits for.
struct chained {
    explicit chained(bench_loop& on, links kind = links::soft) : all(kind, records) {
        on.completions.gather(all, on.flow);
        for (auto& each : members) {
            on.completions.start(each, std::noop_coroutine(), all.flow());
        }
        on.completions.start_gathered(all, std::noop_coroutine());
    }
    bool all_done() const { return members[0].done() && members[1].done() && members[2].done(); }

    std::array<watched, 3> members;
    std::array<record*, 3> records{&members[0], &members[1], &members[2]};
    chain all;
};

std::uint64_t user_data_of(const bench_loop& bench, std::size_t index) {
    return bench.kernel.seen()[index].user_data;
}

}  // namespace

TEST_CASE("the members of a chain are submitted together, and its waiter is ready after the last") {
    for (const auto kind : {links::soft, links::hard}) {
        bench_loop bench(entries(4));
        chained one(bench, kind);
        CHECK(bench.flow.waiting_in == &one.all);
        bench.turn();
        REQUIRE(bench.taken() == 3);
        const auto flag = kind == links::soft ? IOSQE_IO_LINK : IOSQE_IO_HARDLINK;
        CHECK(bench.kernel.seen()[0].flags == flag);
        CHECK(bench.kernel.seen()[1].flags == flag);
        CHECK(bench.kernel.seen()[2].flags == 0);
        answer(bench, user_data_of(bench, 0), 1);
        answer(bench, user_data_of(bench, 1), 2);
        CHECK(!bench.completions.has_ready());
        answer(bench, user_data_of(bench, 2), 3);
        CHECK(bench.completions.has_ready());
        CHECK(bench.flow.waiting_in == nullptr);
        CHECK(one.members[0].outcome() == 1);
        CHECK(one.members[2].outcome() == 3);
        CHECK(bench.completions.in_flight() == 0);
    }
}

TEST_CASE("a chain that is stopped while it queues for room never reaches the kernel") {
    bench_loop bench(entries(4));
    std::array<watched, 3> before;
    for (auto& each : before) {
        bench.start(each);
    }
    chained one(bench);
    one.all.request_stop();
    CHECK(one.all_done());
    CHECK(bench.completions.has_ready());
    bench.turn();
    CHECK(bench.taken() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(one.members[i].outcome() == -ECANCELED);
        CHECK(one.members[i].prepared() == 0);
        bench.kernel.post(user_data_of(bench, i), 0);
    }
    one.all.request_stop();  // after its end it does nothing
    bench.turn();
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("a chain that starts on a stopped strand never reaches the kernel") {
    bench_loop bench(entries(4));
    bench.flow.request_stop();
    chained one(bench);
    CHECK(one.all_done());
    CHECK(bench.flow.waiting_in == nullptr);
    bench.turn();
    CHECK(bench.taken() == 0);
}

TEST_CASE("a stop request to a chain cancels its head, once, and the rest ends with it") {
    bench_loop bench(entries(4));
    chained one(bench);
    bench.turn();
    one.all.request_stop();
    one.all.request_stop();
    bench.turn();
    REQUIRE(bench.taken() == 4);
    CHECK(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.last().address == user_data_of(bench, 0));
    bench.kernel.post(bench.last().user_data, 0);
    for (std::size_t i = 0; i < 3; ++i) {
        bench.kernel.post(user_data_of(bench, i), -ECANCELED);
    }
    bench.turn();
    CHECK(one.all_done());
    CHECK(bench.completions.in_flight() == 0);
    bench.turn();
    CHECK(bench.taken() == 4);
}

TEST_CASE("when the head of a stopped chain ends by itself, the next member is cancelled") {
    bench_loop bench(entries(8));
    chained one(bench);
    bench.turn();
    one.all.request_stop();
    bench.turn();
    bench.kernel.post(bench.last().user_data, -ENOENT);  // it runs where it cannot be found
    answer(bench, user_data_of(bench, 0), 5);
    bench.turn();
    REQUIRE(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.last().address == user_data_of(bench, 1));
    bench.kernel.post(bench.last().user_data, 0);
    bench.kernel.post(user_data_of(bench, 1), -ECANCELED);
    bench.kernel.post(user_data_of(bench, 2), -ECANCELED);
    bench.turn();
    CHECK(one.all_done());
    CHECK(one.members[0].outcome() == 5);
    CHECK(one.members[1].outcome() == -ECANCELED);
}

TEST_CASE("a member that the kernel had not begun when its cancel came is cancelled again") {
    bench_loop bench(entries(8));
    chained one(bench);
    bench.turn_at(100);
    one.all.request_stop();
    bench.turn_at(100);
    const auto taken = bench.taken();
    bench.kernel.post(bench.last().user_data, -ENOENT);
    bench.turn_at(100);
    CHECK(bench.completions.next_due_ms() == 101);
    bench.turn_at(101);
    REQUIRE(bench.taken() == taken + 1);
    CHECK(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.last().address == user_data_of(bench, 0));
    bench.kernel.post(bench.last().user_data, 0);
    for (std::size_t i = 0; i < 3; ++i) {
        bench.kernel.post(user_data_of(bench, i), -ECANCELED);
    }
    bench.turn_at(101);
    CHECK(one.all_done());
}

TEST_CASE("each member of a stopped hard chain is cancelled as its turn comes") {
    bench_loop bench(entries(8));
    chained one(bench, links::hard);
    bench.turn();
    one.all.request_stop();
    for (std::size_t i = 0; i < 3; ++i) {
        bench.turn();
        REQUIRE(bench.last().opcode == abi::op_async_cancel);
        CHECK(bench.last().address == user_data_of(bench, i));
        bench.kernel.post(bench.last().user_data, 0);
        answer(bench, user_data_of(bench, i), -ECANCELED);
        CHECK(one.members[i].done());
    }
    CHECK(bench.completions.has_ready());
}

TEST_CASE("a chain takes none of the CQ's room, neither while it runs nor afterwards") {
    bench_loop bench(entries(4, 8));
    constexpr std::size_t room = 6;  // 8 less the doorbell's and a cancel's
    std::size_t answered = 0;
    const auto turn_often = [&] {
        for (int i = 0; i < 10; ++i) {
            bench.turn();
        }
        return bench.taken() - answered;
    };
    const auto answer_one = [&] { answer(bench, user_data_of(bench, answered++), 0); };
    for (int round = 0; round < 5; ++round) {
        chained one(bench);
        std::array<watched, room> others;
        for (auto& each : others) {
            bench.start(each);
        }
        CHECK(turn_often() == 3 + room);
        while (bench.completions.in_flight() != 0) {
            answer_one();
        }
        CHECK(one.all_done());
        bench.completions.resume_ready(1 + room);
    }
    std::array<watched, 20> all;
    for (auto& each : all) {
        bench.start(each);
    }
    CHECK(turn_often() == room);
    while (bench.completions.in_flight() != 0) {
        answer_one();
    }
}
