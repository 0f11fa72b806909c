#include "fixture.hpp"
#include "forwarding_ring.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/offload.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>

using namespace pelton;
using namespace pelton::test;

namespace {

// A kernel that loses every synchronous cancel: what is in flight stays so.
class deaf_ring final : public forwarding_ring {
public:
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        buffer_rings_ended += opcode == abi::unregister_pbuf_ring ? 1 : 0;
        return opcode == abi::register_sync_cancel
                   ? -ENOENT
                   : forwarding_ring::register_with(ring, opcode, argument, count);
    }

    int buffer_rings_ended = 0;
};

// The real ring, noting what the kernel still owed when a buffer was last registered or given back,
// and when the ring was closed.
class owing_ring final : public forwarding_ring {
public:
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int taken =
            forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        taken_ += taken > 0 ? static_cast<unsigned>(taken) : 0;
        owed_peak = std::max(owed_peak, owed(ring));
        return taken;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        owed_at_update = opcode == abi::register_buffers_update ? owed(ring) : owed_at_update;
        return forwarding_ring::register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override {
        owed_at_end = owed(ring);
        forwarding_ring::tear_down(ring);
    }

    unsigned owed_peak = 0;
    unsigned owed_at_update = 0;
    unsigned owed_at_end = 0;

private:
    unsigned owed(const io_uring& ring) const noexcept {
        return taken_ - __atomic_load_n(ring.cq.ktail, __ATOMIC_ACQUIRE);
    }

    unsigned taken_ = 0;
};

// Otherwise the doorbell is cancelled by an SQE, which ends it.
bool cancels_by_registration() {
    bool by_registration = false;
    on_shard([&](shard& here) -> task<> {
        by_registration = here.known().has(feature::sync_cancel);
        co_return;
    });
    return by_registration;
}

// Runs a shard that gives up on its doorbell, and checks that what lay ready for receiving is left
// to the kernel. Where one of its pages was.
std::byte* give_up() {
    deaf_ring kernel;
    auto with = tiny();
    with.ring_kernel = &kernel;
    with.drain_ns = 30'000'000;
    std::byte* page = nullptr;
    int ended_before = 0;  // by the ring that asks what there is
    const int code = run(with, [&](shard& here) -> task<> {
        const auto held = co_await here.pages().take(1);  // the doorbell listens from now on
        REQUIRE(held);
        page = held->data();
        static_cast<void>(here.received());
        ended_before = kernel.buffer_rings_ended;
    });
    if (code != 0 || kernel.buffer_rings_ended != ended_before) {
        ::_exit(3);
    }
    return page;
}

}  // namespace

TEST_CASE("a shard whose operations do not end gives up after drain_ns, and says what it leaks") {
    if (!cancels_by_registration()) {
        pelton_test::skip("without SYNC_CANCEL the doorbell is cancelled by an SQE, which ends it");
        return;
    }
    const auto end = ending_of([] { give_up(); });
    CHECK(end.signal == 0);
    CHECK(says(end.text, "1 operations did not end; their memory is leaked rather than reused"));
    CHECK(!says(end.text, "exit status"));
}

TEST_CASE("the pages of a shard that gave up are left to the kernel") {
    if (!cancels_by_registration()) {
        pelton_test::skip("without SYNC_CANCEL the doorbell is cancelled by an SQE, which ends it");
        return;
    }
    const auto end = ending_of([] {
        *give_up() = std::byte{1};  // as an operation that did not end would
    });
    CHECK(end.signal == 0);
    CHECK(!says(end.text, "exit status"));
}

TEST_CASE("pages are given back and the ring is closed when the kernel has nothing left of it") {
    owing_ring kernel;
    auto with = tiny();
    with.ring_kernel = &kernel;
    on_shard(with, [](shard& here) -> task<> {
        CHECK(co_await here.pages().take(1));
        CHECK(co_await nop(here));  // with it the doorbell goes to the kernel, and stays there
    });
    CHECK(kernel.owed_peak > 0);
    CHECK(kernel.owed_at_update == 0);
    CHECK(kernel.owed_at_end == 0);
}

TEST_CASE("a shard destroyed while its tasks wait ends the process with a sentence") {
    const auto end = ending_of([] {
        const pipe_ends silent;
        struct waiting {
            static flow read(shard& here, int reader) {
                static_cast<void>(co_await pipe_read(here, reader));
            }
        };
        shard here(tiny());
        strand outside;
        outside.home = &here;
        auto* group = new flow_group(outside);
        group->start(waiting::read(here, silent.reader()), "reader");
        here.run_until(true);
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "a shard ended before its tasks"));
}

TEST_CASE("a shard that made its door and its threads takes both down with nothing pending") {
    for (int round = 0; round < 20; ++round) {
        on_shard([](shard& here) -> task<> {
            CHECK(co_await offload(here, [] { return 1; }) == 1);
            CHECK(co_await here.pages().take(1));
        });
    }
}

TEST_CASE("counters count") {
    on_shard([](shard& here) -> task<> {
        for (int i = 0; i < 10; ++i) {
            CHECK(co_await nop(here));
        }
        CHECK(here.queues().counters().sqes == 10);
        CHECK(here.queues().counters().cqes == 10);
        CHECK(here.queues().counters().enters == 10);
        CHECK(here.counters().turns == 10);
        CHECK(here.completions().counters().resumes >= 10);
    });
}
