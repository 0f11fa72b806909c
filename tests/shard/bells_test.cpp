#include "faulty_ring.hpp"
#include "shard/noted_rings.hpp"
#include "shard/several.hpp"

#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

task<int> ping(shard& there) {
    co_return static_cast<int>(there.number());
}

}  // namespace

TEST_CASE("a bell that the kernel refuses is rung by the eventfd instead") {
    noted_rings kernel;
    kernel.loses_bells = true;
    auto with = several(3);
    with.ring_kernel = &kernel;
    on_shard(with, [](shard& here) -> task<> {
        for (unsigned round = 0; round < 100; ++round) {
            CHECK(co_await on(here.peer(1 + round % 2), ping) == static_cast<int>(1 + round % 2));
        }
        CHECK((!here.queues().has(feature::msg_ring) || here.counters().bells > 0));
    });
}

TEST_CASE("a shard that is awake is not rung") {
    on_shard(several(2), [](shard& here) -> task<> {
        std::atomic<bool> inside{false};
        std::atomic<bool> go{false};
        auto busy = [&](shard&) -> task<> {
            inside = true;
            while (!go) {
                std::this_thread::yield();
            }
            co_return;
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> { co_await on(here.peer(1), busy); });
            while (!inside) {
                static_cast<void>(co_await yield());
            }
            const auto bells = here.counters().bells;
            for (int i = 0; i < 100; ++i) {
                kids.spawn([&]() -> task<> { CHECK(co_await on(here.peer(1), ping) == 1); });
            }
            static_cast<void>(co_await yield());
            static_cast<void>(co_await yield());
            CHECK(here.counters().calls == 101);
            CHECK(here.counters().bells == bells);
            go = true;
        };
        co_await scope(family);
    });
}

TEST_CASE("calls arrive through short enters, EINTR, EAGAIN and EBUSY") {
    struct walks {
        static task<int> walk(shard& here, int steps) {
            if (steps == 0) {
                co_return 0;
            }
            auto& next = here.peer((here.number() + 1) % here.shards());
            auto further = [steps](shard& there) -> task<int> {
                CHECK(co_await nop(there));
                co_return co_await walk(there, steps - 1);
            };
            co_return 1 + co_await on(next, further);
        }
    };
    // The luck is drawn on two threads: guarded, and so not the same in every run.
    class guarded_luck final : public ring_face {
    public:
        int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
            return inner_.set_up(entries, params, ring);
        }
        int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags,
                  void* argument, std::size_t bytes) noexcept override {
            thread_local faulty_ring luck(std::hash<std::thread::id>{}(std::this_thread::get_id()));
            return luck.enter(ring, to_submit, wait_for, flags, argument, bytes);
        }
        int register_with(io_uring& ring, unsigned opcode, void* argument,
                          unsigned count) noexcept override {
            return inner_.register_with(ring, opcode, argument, count);
        }
        void tear_down(io_uring& ring) noexcept override { inner_.tear_down(ring); }
        const std::atomic<unsigned>& forks() const noexcept override { return inner_.forks(); }

    private:
        ring_face& inner_ = linux_ring();
    };
    guarded_luck kernel;
    auto with = several(3);
    with.ring_kernel = &kernel;
    on_shard(with, [](shard& here) -> task<> {
        std::vector<task<int>> all;
        for (int i = 0; i < 40; ++i) {
            all.push_back(walks::walk(here, i));
        }
        const auto lengths = co_await when_all(std::move(all));
        for (int i = 0; i < 40; ++i) {
            CHECK(lengths[static_cast<std::size_t>(i)] == i);
        }
    });
}
