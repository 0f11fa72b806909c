#include "faulty_ring.hpp"
#include "forwarding_calls.hpp"
#include "shard/several.hpp"

#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// The real rings, each call of which a test can refuse or note. Used from several threads.
class noted_rings : public ring_face {
public:
    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        if (set_ups_left.fetch_sub(1) <= 0) {
            return -EMFILE;
        }
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        if (loses_bells) {
            for (unsigned at = *ring.sq.khead; at != *ring.sq.ktail; ++at) {
                auto& sqe = ring.sq.sqes[at & *ring.sq.kring_mask];
                sqe.fd = sqe.opcode == abi::op_msg_ring ? -1 : sqe.fd;
            }
        }
        return linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        if (opcode == abi::register_buffers_update) {
            const area* buffer = nullptr;
            std::memcpy(&buffer, static_cast<std::byte*>(argument) + 8, sizeof(buffer));
            if (buffer->length > largest_buffer) {
                return -ENOMEM;
            }
        }
        if (opcode == abi::register_clone_buffers && !clones) {
            return -EINVAL;
        }
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override {
        {
            const std::lock_guard lock(guard_);
            torn_down.push_back(ring.ring_fd);
        }
        linux_ring().tear_down(ring);
    }
    unsigned fork_count() const noexcept override { return linux_ring().fork_count(); }

    std::atomic<int> set_ups_left{1'000};
    std::size_t largest_buffer = SIZE_MAX;
    bool clones = true;
    bool loses_bells = false;
    std::vector<int> torn_down;

private:
    std::mutex guard_;
};

class threadless_calls final : public forwarding_calls {
public:
    explicit threadless_calls(int threads) noexcept : left_(threads) {}
    running_thread* start_thread(void (*body)(void*) noexcept, void* context) override {
        if (left_-- == 0) {
            throw std::system_error(EAGAIN, std::system_category(), "a thread");
        }
        return linux_calls().start_thread(body, context);
    }

private:
    int left_;
};

class doorless_calls final : public forwarding_calls {
public:
    result<int> eventfd() noexcept override { return failure(EMFILE); }
};

task<int> ping(shard& there) {
    co_return static_cast<int>(there.number());
}

// What a run that must not begin prints, from its first to its last character.
template <class Prepare>
std::string refusal_of(unsigned shards, Prepare prepare) {
    const auto end = ending_of([&] {
        auto with = several(shards);
        prepare(with);
        const int code = run(with, [](shard&) -> task<int> { co_return 17; });
        ::_exit(code == 1 ? 0 : 3);
    });
    CHECK(end.signal == 0);
    return end.text;
}

}  // namespace

TEST_CASE("each shard runs on a thread of its own") {
    on_shard(several(4), [](shard& here) -> task<> {
        std::set<std::thread::id> threads{std::this_thread::get_id()};
        auto ask = [](shard&) -> task<std::thread::id> { co_return std::this_thread::get_id(); };
        for (unsigned i = 1; i < 4; ++i) {
            threads.insert(co_await on(here.peer(i), ask));
        }
        CHECK(threads.size() == 4);
    });
}

TEST_CASE("run() of several shards returns what main yields, prints its error, and can be nested") {
    CHECK(run(several(3), [](shard&) -> task<int> { co_return 42; }) == 42);
    const auto end = ending_of([] {
        ::_exit(run(several(3), [](shard&) -> task<> {
            throw std::runtime_error("the reason");
            co_return;
        }));
    });
    CHECK(end.text == "pelton: the reason\nexit status 1");
    const int outer = run(several(2), [](shard& here) -> task<int> {
        auto nested = [](shard&) -> task<int> {
            co_return run(several(2), [](shard& below) -> task<int> {
                co_return co_await on(below.peer(1), ping);
            });
        };
        co_return co_await on(here.peer(1), nested);
    });
    CHECK(outer == 1);
}

TEST_CASE("as many shards as cores, and each kept on one, when that is asked for") {
    auto with = several(0);
    with.pin_to_cores = true;
    const auto before = linux_calls().cores();
    std::size_t shards = 0;
    std::jthread([&] {  // the calling thread is pinned, too
        on_shard(with, [&](shard& here) -> task<> {
            shards = here.shards();
            CHECK((here.shards() == 1 || here.calls().cores().size() == 1));
            co_return;
        });
    })
        .join();
    CHECK(shards == before.size());
    CHECK(linux_calls().cores() == before);
}

TEST_CASE("when one shard cannot be made none runs, and one sentence says which and why") {
    for (const int rings : {0, 1, 2, 3, 4}) {
        const auto text = refusal_of(4, [rings](options& with) {
            static noted_rings kernel;
            kernel.set_ups_left = rings;
            with.ring_kernel = &kernel;
        });
        CAPTURE(text);
        CHECK(text.starts_with("pelton: shard "));
        CHECK(says(text,
                   " of 4 could not start: io_uring_setup: no descriptor is left for the "
                   "ring; raise RLIMIT_NOFILE (ulimit -n): Too many open files\n"));
        CHECK(text.find('\n') == text.size() - 1);
    }
    for (const int threads : {0, 1, 2}) {
        const auto text = refusal_of(4, [threads](options& with) {
            static threadless_calls calls(threads);
            with.calls = &calls;
        });
        CHECK(text == "pelton: shard " + std::to_string(threads + 1) +
                          " of 4 could not start: a thread: Resource temporarily unavailable\n");
    }
    const auto doorless = refusal_of(2, [](options& with) {
        static doorless_calls calls;
        with.calls = &calls;
    });
    CHECK(doorless == "pelton: shard 0 of 2 could not start: eventfd: Too many open files\n");
    const auto many = refusal_of(200, [](options&) {});
    CHECK(many == "pelton: a run has at most 128 shards: Invalid argument\n");
}

TEST_CASE("shards end in order, the last first, and what they share ends after them") {
    noted_rings kernel;
    auto with = several(4);
    with.ring_kernel = &kernel;
    std::vector<int> rings;
    on_shard(with, [&](shard& here) -> task<> {
        auto ask = [](shard& there) -> task<int> { co_return there.queues().descriptor(); };
        for (unsigned i = 4; i > 0; --i) {
            rings.push_back(co_await on(here.peer(i - 1), ask));
        }
    });
    REQUIRE(kernel.torn_down.size() == 5);
    CHECK(std::vector(kernel.torn_down.begin(), kernel.torn_down.end() - 1) == rings);
}

TEST_CASE("little memory to lock makes every shard's pages fewer, which is said once") {
    for (const bool clones : {true, false}) {
        noted_rings kernel;
        kernel.clones = clones;
        kernel.largest_buffer = 4 * 4096;
        auto with = several(3);
        with.ring_kernel = &kernel;
        std::mutex guard;
        std::vector<std::string> notices;
        with.notice = [&](std::string_view sentence) {
            const std::lock_guard lock(guard);
            notices.emplace_back(sentence);
        };
        on_shard(with, [](shard& here) -> task<> {
            auto look = [](shard& there) -> task<std::size_t> {
                CHECK(there.pages().registered());
                co_return there.pages().pool().pages();
            };
            for (unsigned i = 0; i < 3; ++i) {
                CHECK(co_await on(here.peer(i), look) == 4);
            }
        });
        REQUIRE(notices.size() == 1);
        CHECK(says(notices[0], "allows 16 KiB of registered pages instead of 64 KiB"));

        notices.clear();
        kernel.largest_buffer = 0;
        on_shard(with, [](shard& here) -> task<> {
            auto look = [](shard& there) -> task<std::size_t> {
                CHECK(!there.pages().registered());
                co_return there.pages().pool().pages();
            };
            for (unsigned i = 0; i < 3; ++i) {
                CHECK(co_await on(here.peer(i), look) == 16);
            }
        });
        REQUIRE(notices.size() == 1);
        CHECK(says(notices[0], "does not allow registered pages"));
    }
}

TEST_CASE("without registered buffers every shard has pages all the same, which is said once") {
    auto with = several(3, "registered_buffers");
    std::atomic<int> notices{0};
    with.notice = [&](std::string_view sentence) {
        CHECK(says(sentence, "pages are not registered with the kernel"));
        ++notices;
    };
    on_shard(with, [](shard& here) -> task<> {
        auto take = [](shard& there) -> task<bool> {
            const auto taken = co_await there.pages().take(16);
            co_return taken.has_value() && !there.pages().registered();
        };
        for (unsigned i = 0; i < 3; ++i) {
            CHECK(co_await on(here.peer(i), take));
        }
    });
    CHECK(notices == 1);
}

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
        unsigned fork_count() const noexcept override { return inner_.fork_count(); }

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
