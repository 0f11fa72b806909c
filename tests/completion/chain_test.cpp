#include "completion/bench_loop.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

bool linked(const seen_sqe& one) {
    return (one.flags & IOSQE_IO_LINK) != 0;
}

void answer_all(bench_loop& bench, std::size_t from = 0) {
    for (std::size_t i = from; i < bench.taken(); ++i) {
        bench.kernel.post(bench.kernel.seen()[i].user_data, 0);
    }
    bench.turn();
}

}  // namespace

TEST_CASE("a chain is linked from its first member to its last, and each member is told") {
    bench_loop bench(entries(4));
    std::vector<int> order;
    watched first(order, 1);
    watched second(order, 2);
    watched third(order, 3);
    const std::array<record*, 3> members{&first, &second, &third};
    CHECK(bench.completions.start_chain(members));
    bench.turn();
    REQUIRE(bench.taken() == 3);
    CHECK(linked(bench.kernel.seen()[0]));
    CHECK(linked(bench.kernel.seen()[1]));
    CHECK(!linked(bench.kernel.seen()[2]));
    answer_all(bench);
    CHECK(order == std::vector{1, 2, 3});
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("a chain that does not fit into the rest of a batch goes whole into the next") {
    bench_loop bench(entries(4));
    std::array<watched, 2> before;
    std::array<watched, 3> links;
    watched after;
    bench.start(before[0]);
    bench.start(before[1]);
    const std::array<record*, 3> members{&links[0], &links[1], &links[2]};
    CHECK(bench.completions.start_chain(members));
    bench.start(after);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.taken() == 2);
    CHECK(bench.kernel.last_wait_for() == 0);
    bench.completions.turn(true, std::nullopt);
    REQUIRE(bench.taken() == 6);
    for (std::size_t i = 2; i < 6; ++i) {
        CHECK(bench.kernel.seen()[i].enter == 2);
        CHECK(linked(bench.kernel.seen()[i]) == (i == 2 || i == 3));
    }
    answer_all(bench);
}

TEST_CASE("a chain longer than the SQ is refused, and nothing of it starts") {
    bench_loop bench(entries(2));
    std::array<watched, 3> links;
    const std::array<record*, 3> members{&links[0], &links[1], &links[2]};
    CHECK(!bench.completions.start_chain(members));
    CHECK(!bench.completions.start_chain({}));
    bench.turn();
    CHECK(bench.taken() == 0);
    CHECK(links[0].now() == record::state::idle);
    const std::array<record*, 2> fits{&links[0], &links[1]};
    CHECK(bench.completions.start_chain(fits));
    bench.turn();
    CHECK(bench.taken() == 2);
    answer_all(bench);
}

TEST_CASE(
    "a chain that is accepted is admitted, or it is refused: also with a doorbell's place kept") {
    bench_loop bench(entries(8, 8));
    watched bell;
    bench.completions.start_reserved(bell);
    bench.turn();
    std::array<watched, 8> links;
    for (std::size_t length = 1; length <= links.size(); ++length) {
        std::vector<record*> members;
        for (std::size_t i = 0; i < length; ++i) {
            members.push_back(&links[i]);
        }
        const auto before = bench.taken();
        const bool accepted = bench.completions.start_chain(members);
        for (int i = 0; i < 3; ++i) {
            bench.turn();
        }
        CHECK(bench.taken() == before + (accepted ? length : 0));
        CHECK(bench.kernel.owed_peak() <= bench.kernel.cq_entries());
        CHECK((accepted || length > 4));
        if (!accepted) {
            break;
        }
        answer_all(bench, before);
    }
    bench.kernel.post(bench.kernel.seen()[0].user_data, 8);
    bench.turn();
    if (bench.completions.has_queued()) {
        static_cast<void>(
            bench.completions.drain(0, [](void*) { return std::uint64_t{0}; }, nullptr));
    }
}

TEST_CASE("while a chain waits for room in the CQ, the loop sleeps instead of spinning") {
    bench_loop bench(entries(4, 8));
    std::array<watched, 4> pending;
    for (auto& each : pending) {
        bench.start(each);
    }
    bench.turn();
    std::array<watched, 4> links;
    const std::array<record*, 4> members{&links[0], &links[1], &links[2], &links[3]};
    REQUIRE(bench.completions.start_chain(members));
    watched waiting_behind;
    bench.start(waiting_behind);
    bench.turn();
    REQUIRE(bench.taken() == 4);
    bench.completions.turn(true, std::nullopt);
    CHECK(bench.kernel.last_wait_for() == 1);
    for (std::size_t answered = 0; answered < bench.taken();) {
        const auto taken = bench.taken();
        answer_all(bench, answered);
        answered = taken;
        bench.turn();
    }
    CHECK(waiting_behind.done());
    CHECK(bench.kernel.owed_peak() <= bench.kernel.cq_entries());
    for (auto& each : links) {
        CHECK(each.done());
    }
}

TEST_CASE("a chain whose members need scratch that is in use goes whole into the next batch") {
    bench_loop bench(entries(8));
    watched before;
    before.need_scratch(3'000);
    bench.start(before);
    std::array<watched, 3> links;
    links[1].need_scratch(1'024);
    links[2].need_scratch(1'024);
    const std::array<record*, 3> members{&links[0], &links[1], &links[2]};
    CHECK(bench.completions.start_chain(members));
    bench.turn();
    CHECK(bench.taken() == 1);
    bench.turn();
    REQUIRE(bench.taken() == 4);
    CHECK(linked(bench.kernel.seen()[1]));
    CHECK(linked(bench.kernel.seen()[2]));
    CHECK(!linked(bench.kernel.seen()[3]));
    answer_all(bench);
}

TEST_CASE("members of a queued chain are not cancelled one by one") {
    bench_loop bench(entries(2));
    std::vector<int> order;
    watched first(order, 1);
    watched second(order, 2);
    const std::array<record*, 2> members{&first, &second};
    REQUIRE(bench.completions.start_chain(members));
    bench.completions.cancel(first);
    bench.completions.cancel(second);
    CHECK(order.empty());
    bench.turn();
    CHECK(bench.taken() == 2);
    answer_all(bench);
    CHECK(order == std::vector{1, 2});
}

TEST_CASE("the real kernel runs a chain in order and cancels what follows a failure") {
    ring queues(linux_ring(), entries(4));
    loop completions(queues);
    struct reading final : record {
        bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
            io_uring_prep_rw(abi::op_read, &sqe, -1, &byte, 1, 0);
            return true;
        }
        void finished() noexcept override { ended = true; }
        const char* name() const noexcept override { return "READ of nothing"; }
        char byte = 0;
        bool ended = false;
    };
    std::vector<int> order;
    watched first(order, 1);
    reading broken;
    watched last(order, 3);
    const std::array<record*, 3> members{&first, &broken, &last};
    REQUIRE(completions.start_chain(members));
    for (int i = 0; i < 100 && completions.in_flight() + order.size() < 5 && !last.done(); ++i) {
        completions.turn(completions.in_flight() != 0, std::nullopt);
    }
    CHECK(order == std::vector{1, 3});
    CHECK(first.outcome() == 0);
    CHECK(broken.ended);
    CHECK(broken.outcome() == -EBADF);
    CHECK(last.outcome() == -ECANCELED);
}
