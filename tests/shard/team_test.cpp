#include "forwarding_calls.hpp"
#include "forwarding_ring.hpp"
#include "shard/noted_rings.hpp"
#include "shard/several.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/on.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

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

// The real rings of a run without MSG_RING, and what the kernel owed all of them together when the
// first was closed.
class owing_rings final : public forwarding_ring {
public:
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int taken =
            forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        const std::lock_guard lock(guard_);
        taken_[&ring] += taken > 0 ? static_cast<unsigned>(taken) : 0;
        return taken;
    }
    void tear_down(io_uring& ring) noexcept override {
        {
            const std::lock_guard lock(guard_);
            if (!owed) {
                owed = 0;
                for (const auto& [each, taken] : taken_) {
                    *owed += taken - __atomic_load_n(each->cq.ktail, __ATOMIC_ACQUIRE);
                }
            }
        }
        forwarding_ring::tear_down(ring);
    }

    std::optional<unsigned> owed;

private:
    std::mutex guard_;
    std::map<const io_uring*, unsigned> taken_;
};

task<int> ping(shard& there) {
    co_return static_cast<int>(there.number());
}

task<int> descriptor_of(shard& there) {
    co_return there.queues().descriptor();
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
        auto with = several(3);
        with.notice = [](std::string_view) {};  // of pages that are not registered
        ::_exit(run(with, [](shard&) -> task<> {
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
        for (unsigned i = 4; i > 0; --i) {
            rings.push_back(co_await on(here.peer(i - 1), descriptor_of));
        }
    });
    REQUIRE(kernel.torn_down.size() == 5);
    CHECK(std::vector(kernel.torn_down.begin(), kernel.torn_down.end() - 1) == rings);
}

TEST_CASE("no shard ends while the kernel has something of another, which may own its pages") {
    owing_rings kernel;
    auto with = several(3, "msg_ring");
    with.ring_kernel = &kernel;
    on_shard(with, [](shard& here) -> task<> { CHECK(co_await on(here.peer(1), ping) == 1); });
    CHECK(kernel.owed == 0U);
}

TEST_CASE("when one shard gives up, the pages of all are left to the kernel") {
    constexpr int never_gave_up = 3;
    const auto end = ending_of([] {
        noted_rings kernel;
        std::atomic<bool> gave_up{false};
        auto with = several(2);
        with.ring_kernel = &kernel;
        with.drain_ns = 1'000'000;
        with.error = [&](std::error_code, std::string_view) { gave_up = true; };
        std::byte* page = nullptr;
        // It does so if its doorbell listens to the end, and that may just then be rung.
        for (int round = 0; round < 100 && !gave_up; ++round) {
            run(with, [&](shard& here) -> task<> {
                page = here.pages().take_now(1)->data();
                kernel.deaf = co_await on(here.peer(1), descriptor_of);
            });
        }
        if (!gave_up) {
            ::_exit(never_gave_up);
        }
        *page = std::byte{1};  // as an operation of the other shard would
    });
    CHECK(end.signal == 0);
    if (end.text.ends_with("exit status " + std::to_string(never_gave_up))) {
        pelton_test::skip("the shard's doorbell was rung each time, so that it never gave up");
    }
}

TEST_CASE("little memory to lock makes every shard's pages fewer, which is said once") {
    bool registers = false;
    on_shard([&](shard& here) -> task<> {
        registers = here.known().has(feature::registered_buffers);
        co_return;
    });
    if (!registers) {
        pelton_test::skip("the kernel registers no buffers");
        return;
    }
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
