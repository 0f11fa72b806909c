#include <pelton/runtime/kernel/calls.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace pelton;

TEST_CASE("a thread runs its body once and is joined by its owner") {
    std::atomic<int> runs{0};
    std::unique_ptr<running_thread>(linux_calls().start_thread(
        [](void* count) noexcept { ++*static_cast<std::atomic<int>*>(count); }, &runs));
    CHECK(runs == 1);
}

TEST_CASE("a ticker ticks until it is told that it may doze, and again once it is nudged") {
    struct counted {
        std::atomic<int> ticks{0};
        std::atomic<int> doze_at{3};
        static bool tick(void* self) noexcept {
            auto& mine = *static_cast<counted*>(self);
            return ++mine.ticks != mine.doze_at;
        }
    } state;
    const std::unique_ptr<ticking_thread> ticker(
        linux_calls().start_ticker(counted::tick, &state, 1'000));
    while (state.ticks != 3) {
        std::this_thread::yield();
    }
    state.doze_at = 6;
    ticker->nudge();
    while (state.ticks != 6) {
        std::this_thread::yield();
    }
}

TEST_CASE("a thread stays on the core it was pinned to, and no core is refused with EINVAL") {
    const auto all = linux_calls().cores();
    REQUIRE(!all.empty());
    std::jthread([&] {
        CHECK(linux_calls().pin_this_thread(all.back()));
        CHECK(linux_calls().cores() == std::vector{all.back()});
        CHECK(linux_calls().pin_this_thread(1'000'000).error() == std::errc::invalid_argument);
    }).join();
    CHECK(linux_calls().cores() == all);
}

TEST_CASE("the threads of a process are counted") {
    const auto before = linux_calls().threads_of_process();
    REQUIRE(before);
    std::atomic<bool> done{false};
    std::jthread other([&] {
        while (!done) {
            std::this_thread::yield();
        }
    });
    CHECK(linux_calls().threads_of_process() == *before + 1);
    done = true;
}
