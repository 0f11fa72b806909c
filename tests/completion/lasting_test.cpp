// Records that outlive who started them: what each CQE does, who is told, and when they are gone.
#include "completion/slab_bench.hpp"
#include "fixture.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr auto more = abi::cqe_more;

}  // namespace

TEST_CASE("a multishot hears of every CQE, and ends with the first that promises no other") {
    slab_bench bench;
    auto& one = bench.started();
    const auto name = bench.last().user_data;
    bench.deliver(name, 10, more);
    bench.deliver(name, 20, more);
    CHECK(one.running());
    CHECK(bench.completions.in_flight() == 1);
    bench.deliver(name, 30, 0);
    CHECK_FALSE(one.running());
    CHECK(bench.completions.in_flight() == 0);
    CHECK(bench.log.arrivals == std::vector<std::int32_t>{10, 20, 30});
    CHECK(bench.log.ends == std::vector<std::int32_t>{30});
    one.orphan();
    CHECK(bench.log.gone == 1);
}

TEST_CASE("a multishot that the kernel ended starts itself again from inside the CQ loop") {
    slab_bench bench;
    bench.log.starts_left = 1;
    auto& one = bench.started();
    const auto name = bench.last().user_data;
    bench.deliver(name, -ENOBUFS, 0);
    CHECK(one.running());
    bench.turn();
    CHECK(bench.taken() == 2);
    bench.deliver(name, 5, 0);
    CHECK(bench.log.ends == std::vector<std::int32_t>{-ENOBUFS, 5});
    one.orphan();
}

TEST_CASE("one that was stopped in the queue and starts itself again takes nobody's SQE") {
    slab_bench bench;
    bench.log.starts_left = 1;
    watched before[2];
    watched behind;
    bench.start(before[0]);
    bench.start(before[1]);
    auto& one = *bench.make();
    one.start();
    bench.start(behind);
    bench.turn();
    REQUIRE(bench.taken() == 2);  // the SQ has two entries: the others queue
    one.stop();
    bench.turn();
    CHECK(bench.log.ends == std::vector<std::int32_t>{-ECANCELED});
    CHECK(one.running());
    watched later;
    bench.start(later);
    bench.turn();
    REQUIRE(bench.taken() == 5);
    const auto seen = bench.kernel.seen();
    for (const auto& each : seen) {
        bench.deliver(each.user_data, 0, 0);
    }
    CHECK(behind.done());
    CHECK(later.done());
    CHECK_FALSE(one.running());
    CHECK(bench.completions.in_flight() == 0);
    one.orphan();
}

TEST_CASE("an orphan is cancelled, hears what still arrives, and is gone with its last CQE") {
    slab_bench bench;
    auto& one = bench.started();
    const auto name = bench.last().user_data;
    one.orphan();
    bench.turn();
    REQUIRE(bench.last().opcode == abi::op_async_cancel);
    CHECK(bench.last().address == name);
    const auto cancel = bench.last().user_data;
    bench.deliver(name, 7, more);
    CHECK(bench.log.gone == 0);
    SUBCASE("its own CQE first") {
        bench.deliver(name, -ECANCELED, 0);
        CHECK(bench.log.gone == 0);  // the cancel still names it
        bench.deliver(cancel, 0, 0);
    }
    SUBCASE("the cancel's first") {
        bench.deliver(cancel, 0, 0);
        CHECK(bench.log.gone == 0);
        bench.deliver(name, -ECANCELED, 0);
    }
    CHECK(bench.log.gone == 1);
    CHECK(bench.log.arrivals == std::vector<std::int32_t>{7, -ECANCELED});
    CHECK(bench.log.ends.empty());
    CHECK(bench.records.used() == 0);
    CHECK(bench.completions.in_flight() == 0);
}

TEST_CASE("a multishot that a cancel did not find is cancelled again") {
    slab_bench bench;
    auto& one = bench.started();
    const auto name = bench.last().user_data;
    one.orphan();
    bench.turn_at(1);
    bench.deliver(bench.last().user_data, -ENOENT, 0);
    const auto taken = bench.taken();
    bench.turn_at(10);
    REQUIRE(bench.taken() == taken + 1);
    REQUIRE(bench.last().address == name);
    bench.kernel.post(name, -ECANCELED);
    bench.deliver(bench.last().user_data, 0, 0);
    CHECK(bench.log.gone == 1);
}

TEST_CASE("an orphan that never reached the kernel is gone with the next turn") {
    slab_bench bench(4);
    bench.make()->orphan();
    CHECK(bench.log.gone == 1);

    in_kernel first(bench);
    bench.kernel.take_at_most(0);
    auto* a = bench.make();
    auto* b = bench.make();
    auto* c = bench.make();
    a->start();
    b->start();
    c->start();  // the SQ has two entries: it queues
    c->orphan();
    bench.turn();
    CHECK(bench.log.gone == 2);
    bench.kernel.take_at_most(2);
    a->orphan();
    b->orphan();
    CHECK(bench.log.gone == 2);
    for (int i = 0; i < 4; ++i) {
        bench.turn();
    }
    for (const auto& each : std::vector(bench.kernel.seen())) {
        bench.kernel.post(each.user_data, each.opcode == abi::op_async_cancel ? 0 : -ECANCELED);
    }
    bench.turn();
    CHECK(bench.log.gone == 4);
    CHECK(first.one.done());
}

TEST_CASE("multishots stand outside the CQ's room, however much they deliver") {
    slab_bench bench(8, entries(2, 4));
    std::vector<multishot*> all;
    for (int i = 0; i < 8; ++i) {
        all.push_back(&bench.started());
        bench.turn();
    }
    CHECK(bench.taken() == 8);  // the CQ's room for operations is 2
    const auto names = bench.kernel.seen();
    for (const auto& each : names) {
        bench.deliver(each.user_data, 1, more);
        bench.deliver(each.user_data, 2, more);
    }
    watched plain;
    bench.start(plain);
    bench.turn();
    CHECK(plain.now() == record::state::in_flight);
    bench.kernel.post(bench.last().user_data, 0);
    for (const auto& each : names) {
        bench.deliver(each.user_data, 0, 0);
    }
    CHECK(plain.done());
    CHECK(bench.completions.in_flight() == 0);
    watched two[2];
    bench.start(two[0]);
    bench.start(two[1]);
    watched third;
    bench.start(third);
    bench.turn();
    bench.turn();           // the SQ has room again
    CHECK(third.queued());  // and the CQ's is what it was
    const auto taken = bench.taken();
    bench.kernel.post(bench.kernel.seen()[taken - 2].user_data, 0);
    bench.kernel.post(bench.kernel.seen()[taken - 1].user_data, 0);
    bench.turn();
    bench.turn();
    bench.kernel.post(bench.last().user_data, 0);
    bench.turn();
    CHECK(third.done());
    for (auto* each : all) {
        each->orphan();
    }
    CHECK(bench.log.gone == 8);
}

TEST_CASE("an empty slab says so, and has room again when a record is gone") {
    slab_bench bench(2);
    auto* a = bench.make();
    auto* b = bench.make();
    CHECK(bench.make() == nullptr);
    CHECK(bench.records.refusals() == 1);
    a->orphan();
    auto* c = bench.make();
    CHECK(c == a);
    b->orphan();
    c->orphan();
    CHECK(bench.records.used() == 0);
}

TEST_CASE("draining ends multishots, also those that nobody asked to end") {
    slab_bench bench;
    auto& one = bench.started();
    const auto name = bench.last().user_data;
    bench.kernel.post(name, 3, more);
    bench.kernel.post(name, -ECANCELED);
    const auto clock = [](void* time) { return *static_cast<std::uint64_t*>(time) += 1'000'000; };
    std::uint64_t now = 0;
    CHECK(bench.completions.drain(100'000'000, clock, &now));
    CHECK(bench.log.ends == std::vector<std::int32_t>{-ECANCELED});
    one.orphan();
}

TEST_CASE("a slab tells of each record in it") {
    slab_bench bench;
    auto& one = bench.started();
    auto* other = bench.make();
    other->orphan();
    int seen = 0;
    bench.records.each([&](const lasting_record& each) {
        std::array<char, 80> line{};
        const auto length = each.describe(line.data(), line.size());
        CHECK(says({line.data(), length}, "MULTISHOT in the kernel for 0 ms"));
        ++seen;
    });
    CHECK(seen == 1);
    bench.deliver(bench.last().user_data, 0, 0);
    one.orphan();
}

TEST_CASE("a slab that ends before a record in it ends the process") {
    const auto end = ending_of([] {
        slab_bench bench;
        static_cast<void>(bench.make());
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "a shard ended before a multishot or zero-copy operation on it"));
}

TEST_CASE("a lasting record destroyed while the kernel has it ends the process") {
    const auto end = ending_of([] {
        auto* bench = new slab_bench;
        bench->records.give_back(bench->started());
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "an operation was destroyed while the kernel may still use its memory"));
}
