#include "forwarding_calls.hpp"
#include "shard/several.hpp"

#include <pelton/runtime/shard/on.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

class heard {
public:
    void listen(options& with) {
        with.notice = [this](std::string_view sentence) {
            if (says(sentence, "pages are not registered")) {
                return;  // without registered buffers, and no stall
            }
            const std::lock_guard lock(guard_);
            sentences_.emplace_back(sentence);
            ++count;
        };
    }
    std::string at(std::size_t which) {
        const std::lock_guard lock(guard_);
        return sentences_.at(which);
    }

    std::atomic<std::size_t> count{0};

private:
    std::mutex guard_;
    std::vector<std::string> sentences_;
};

// The watch looks when the test says so, and its clock is the test's.
class watched_by_hand final : public forwarding_calls {
public:
    ticking_thread* start_ticker(bool (*tick)(void*) noexcept, void* context,
                                 std::uint64_t period_ns) override {
        tick_ = tick;
        context_ = context;
        period_ns_ = period_ns;
        struct hand final : ticking_thread {
            explicit hand(std::atomic<int>& times) noexcept : nudges(times) {}
            void nudge() noexcept override { ++nudges; }
            std::atomic<int>& nudges;
        };
        return new hand(nudges);
    }
    std::uint64_t now_ns() noexcept override { return now_; }

    bool look() noexcept { return tick_(context_); }
    void pass_a_period() noexcept { now_ += period_ns_; }

    std::atomic<int> nudges{0};

private:
    bool (*tick_)(void*) noexcept = nullptr;
    void* context_ = nullptr;
    std::uint64_t period_ns_ = 0;
    std::atomic<std::uint64_t> now_{1};
};

options watched(watched_by_hand& calls, heard& notices, unsigned shards) {
    auto with = several(shards);
    with.stall_ns = 1'000'000;
    with.calls = &calls;
    notices.listen(with);
    return with;
}

}  // namespace

TEST_CASE("a task that computes too long is reported once, with its name and its shard's number") {
    heard notices;
    watched_by_hand calls;
    on_shard(watched(calls, notices, 3), [&](shard& here) -> task<> {
        for (std::size_t round = 0; round < 3; ++round) {
            auto hog = [&](shard& there) -> task<> {
                CHECK(co_await nop(there));
                for (int periods = 0; periods < 4; ++periods) {
                    CHECK(calls.look());
                    CHECK(notices.count == round);
                    calls.pass_a_period();
                }
                for (int periods = 0; periods < 9; ++periods) {
                    CHECK(calls.look());
                    CHECK(notices.count == round + 1);
                    calls.pass_a_period();
                }
            };
            co_await on(here.peer(2), hog, "number cruncher");
            CHECK(says(notices.at(round), "shard 2 "));
            CHECK(says(notices.at(round), "its task 'number cruncher' computes, for 1 ms now"));
        }
    });
    CHECK(notices.count == 3);
}

TEST_CASE("tasks that each give way in time are not reported, however long it goes on") {
    heard notices;
    watched_by_hand calls;
    on_shard(watched(calls, notices, 1), [&](shard& here) -> task<> {
        for (int i = 0; i < 100; ++i) {
            CHECK(co_await nop(here));
            CHECK(calls.look());
            calls.pass_a_period();
            calls.pass_a_period();
        }
    });
    CHECK(notices.count == 0);
}

TEST_CASE("while all shards sleep the watch dozes, and one that wakes wakes it") {
    heard notices;
    watched_by_hand calls;
    on_shard(watched(calls, notices, 2), [&](shard& here) -> task<> {
        const pipe_ends silent;
        std::jthread hand([&] {
            while (calls.look()) {
                calls.pass_a_period();
                std::this_thread::yield();
            }
            CHECK(calls.nudges == 0);
            silent.write("x");
        });
        CHECK(co_await pipe_read(here, silent.reader()));
        CHECK(calls.nudges == 1);
        CHECK(co_await nop(here));
        CHECK(calls.nudges == 1);
        hand.join();
    });
}

TEST_CASE("the thread that watches sees a task that never gives way") {
    for (const unsigned shards : {1U, 2U}) {
        heard notices;
        auto with = several(shards);
        with.stall_ns = 2'000'000;
        notices.listen(with);
        on_shard(with, [&](shard& here) -> task<> {
            static_cast<void>(co_await sleep(20ms));
            const auto before = notices.count.load();
            auto hog = [&](shard&) -> task<> {
                while (notices.count == before) {
                    std::this_thread::yield();
                }
                co_return;
            };
            co_await on(here.peer(shards - 1), hog);
        });
        CHECK(notices.count > 0);
    }
}

TEST_CASE("nobody is watched when that is not wanted, nor by default when there is one shard") {
    for (const unsigned shards : {1U, 2U}) {
        struct no_ticker final : forwarding_calls {
            ticking_thread* start_ticker(bool (*)(void*) noexcept, void*, std::uint64_t) override {
                FAIL("a watch was started");
                return nullptr;
            }
        } calls;
        auto with = shards == 1 ? tiny() : several(shards);
        with.calls = &calls;
        on_shard(with, [](shard& here) -> task<> { CHECK(co_await nop(here)); });
    }
}
