#include "completion/bench_loop.hpp"
#include "fixture.hpp"

#include <pelton/runtime/kernel/calls.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <deque>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::uint64_t ten_seconds = 10'000'000'000;

std::uint64_t real_clock(void*) {
    return linux_calls().now_ns();
}

// A READ that nobody awaits.
class pending_read final : public record {
public:
    explicit pending_read(int reader) noexcept : reader_(reader) {}
    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_rw(abi::op_read, &sqe, reader_, &byte_, 1, 0);
        return true;
    }
    const char* name() const noexcept override { return "READ"; }

private:
    int reader_;
    char byte_ = 0;
};

// The real ring, counting the waits that ended by their time limit.
class watched_ring final : public ring_face {
public:
    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int outcome =
            linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        const bool waited_alone = wait_for > 0 && argument_bytes == sizeof(io_uring_getevents_arg);
        waits_in_vain += waited_alone && ring.cq.khead != nullptr &&
                                 *ring.cq.khead == __atomic_load_n(ring.cq.ktail, __ATOMIC_ACQUIRE)
                             ? 1
                             : 0;
        return outcome;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

    int waits_in_vain = 0;
};

feature_set without(feature one) {
    feature_set masked;
    masked.set(static_cast<std::size_t>(one));
    return masked;
}

void drain_pending_reads(const ring_options& with, std::size_t count) {
    const pipe_ends silent;
    ring queues(linux_ring(), with);
    strand flow;
    std::deque<pending_read> reads;
    {
        loop completions(queues);
        for (std::size_t i = 0; i < count; ++i) {
            completions.start(reads.emplace_back(silent.reader()), std::noop_coroutine(), flow);
        }
        for (std::size_t i = 0; i < count; ++i) {
            completions.turn(false, std::nullopt);
        }
        REQUIRE(completions.in_flight() > 0);
        CHECK(completions.drain(ten_seconds, real_clock, nullptr));
        CHECK(completions.in_flight() == 0);
        CHECK(!completions.has_queued());
    }
    for (auto& each : reads) {
        CHECK(each.now() == record::state::done);
        CHECK(each.outcome() == -ECANCELED);
    }
}

}  // namespace

TEST_CASE("draining ends reads that are pending in the kernel, and those that queue for room") {
    drain_pending_reads(entries(2), 3);
    drain_pending_reads(entries(2), 50);
}

TEST_CASE("draining does not wait out a round for a read that was not submitted yet") {
    const pipe_ends silent;
    watched_ring kernel;
    ring queues(kernel, entries(2));
    strand flow;
    pending_read one(silent.reader());
    loop completions(queues);
    completions.start(one, std::noop_coroutine(), flow);
    CHECK(completions.drain(ten_seconds, real_clock, nullptr));
    CHECK(kernel.waits_in_vain == 0);
}

TEST_CASE("draining ends pending reads without synchronous cancel, by SQEs") {
    auto with = entries(2);
    with.masked = without(feature::sync_cancel);
    drain_pending_reads(with, 3);
}

TEST_CASE("draining by SQEs finds room for its cancel when reads take all of the CQ's") {
    auto with = entries(2);
    with.masked = without(feature::sync_cancel);
    drain_pending_reads(with, 50);
}

TEST_CASE("draining gives up when its time is over, and says that something is left") {
    bench_loop bench;
    in_kernel stuck(bench);
    std::uint64_t now = 0;
    const auto clock = [](void* time) {
        return *static_cast<std::uint64_t*>(time) += 1'000'000;  // each look costs a millisecond
    };
    CHECK(!bench.completions.drain(100'000'000, clock, &now));
    CHECK(bench.completions.in_flight() == 1);
    CHECK(now < 200'000'000);
    bench.kernel.post(stuck.user_data, -ECANCELED);
    CHECK(bench.completions.drain(100'000'000, clock, &now));
    CHECK(stuck.one.done());
}

TEST_CASE("draining cancels again until nothing is in flight") {
    bench_loop bench;
    auto masked = entries(2);
    masked.masked = without(feature::sync_cancel);
    bench_loop by_sqe(masked);
    in_kernel stuck(by_sqe);
    std::uint64_t now = 0;
    const auto clock = [](void* time) { return *static_cast<std::uint64_t*>(time) += 1'000'000; };
    by_sqe.kernel.find_nothing();
    CHECK(!by_sqe.completions.drain(50'000'000, clock, &now));
    std::size_t cancels = 0;
    for (const auto& each : by_sqe.kernel.seen()) {
        cancels += each.opcode == abi::op_async_cancel ? 1 : 0;
    }
    CHECK(cancels > 3);
    CHECK(by_sqe.kernel.owed_peak() <= by_sqe.kernel.cq_entries());
    by_sqe.kernel.post(stuck.user_data, -ECANCELED);
    CHECK(by_sqe.completions.drain(50'000'000, clock, &now));
}

TEST_CASE("draining ends a queued chain without starting it") {
    bench_loop bench(entries(4));
    std::vector<int> order;
    watched first(order, 1);
    watched second(order, 2);
    const std::array<record*, 2> members{&first, &second};
    REQUIRE(bench.completions.start_chain(members));
    CHECK(bench.completions.drain(ten_seconds, real_clock, nullptr));
    CHECK(order == std::vector{1, 2});
    CHECK(first.outcome() == -ECANCELED);
    CHECK(second.outcome() == -ECANCELED);
    CHECK(bench.taken() == 0);
}

TEST_CASE("a part of a transfer that ends while draining is the transfer's last") {
    bench_loop bench;
    watched whole;
    whole.come_in_parts(2);
    bench.start(whole);
    struct {
        bench_loop& bench;
        std::uint64_t now = 0;
    } time{bench};
    const auto clock = [](void* context) {
        auto& at = *static_cast<decltype(time)*>(context);
        if (++at.now == 2) {  // it is in the kernel now, and being waited for
            at.bench.kernel.post(at.bench.last().user_data, 10);
        }
        return at.now;
    };
    CHECK(bench.completions.drain(ten_seconds, clock, &time));
    CHECK(whole.done());
    CHECK(whole.outcome() == -ECANCELED);
    CHECK(whole.moved() == 10);
    CHECK(whole.prepared() == 1);
    CHECK(!bench.completions.has_queued());
}

TEST_CASE("a part that is there when draining begins is the transfer's last, too") {
    bench_loop bench;
    watched whole;
    whole.come_in_parts(2);
    bench.start(whole);
    bench.turn();
    bench.kernel.post(bench.last().user_data, 10);
    std::uint64_t now = 0;
    const auto clock = [](void* context) { return ++*static_cast<std::uint64_t*>(context); };
    CHECK(bench.completions.drain(ten_seconds, clock, &now));
    CHECK(whole.done());
    CHECK(whole.outcome() == -ECANCELED);
    CHECK(whole.moved() == 10);
    CHECK(!bench.completions.has_queued());
}
