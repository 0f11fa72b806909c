#include "areas_model.hpp"
#include "death.hpp"

#include <pelton/buffers/page_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <thread>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t thread_count = 4;

using hands = std::vector<std::vector<lease>>;

// Deals out random leases, their shares and their slices, so that threads hold the same pages.
hands deal(page_pool& pool, random_source& random) {
    hands dealt(thread_count);
    const auto give = [&](lease next) {
        dealt[random.below(thread_count)].push_back(std::move(next));
    };
    for (int i = 0; i < 200; ++i) {
        auto taken = pool.take(random.between(1, 12));
        if (!taken) {
            REQUIRE(taken.error() == std::errc::no_buffer_space);
            continue;
        }
        std::ranges::fill(taken->bytes(), static_cast<std::byte>(i));
        if (random.one_in(2)) {
            give(taken->share());
        }
        if (random.one_in(2)) {
            give(taken->slice(0, random.between(1, taken->pages())));
        }
        give(std::move(*taken));
    }
    return dealt;
}

// Reads the pages, so that a page lent anew too early is a data race the sanitizer sees.
void drop_all(std::vector<lease>& held, std::atomic<std::size_t>& sum) {
    while (!held.empty()) {
        const auto bytes = held.back().bytes();
        sum += static_cast<std::size_t>(bytes.front()) + static_cast<std::size_t>(bytes.back());
        held.pop_back();
    }
}

void count_call(void* context) noexcept {
    auto& calls = *static_cast<std::atomic<int>*>(context);
    ++calls;
    calls.notify_all();
}

// Runs `code` on another thread to its end.
template <class Code>
void elsewhere(Code code) {
    std::jthread(code).join();
}

}  // namespace

TEST_CASE("leases dropped by four threads while the pool lends on all come home") {
    auto random = random_source(2024);
    arena memory({.bytes = 512 * 4096});
    page_pool pool(memory);
    std::atomic<std::size_t> sum = 0;
    for (int round = 0; round < 30; ++round) {
        auto dealt = deal(pool, random);
        {
            std::vector<std::jthread> droppers;
            for (auto& hand : dealt) {
                droppers.emplace_back([&] { drop_all(hand, sum); });
            }
            for (int i = 0; i < 100; ++i) {
                if (auto taken = pool.take(random.between(1, 12))) {
                    std::ranges::fill(taken->bytes(), std::byte{0xff});
                }
            }
        }
        pool.collect();
        REQUIRE(pool.lent_pages() == 0);
        REQUIRE(pool.largest_run() == 512);
    }
}

TEST_CASE("pages whose last two leases end at the same moment on two threads come home once") {
    arena memory({.bytes = 512 * 4096});
    page_pool pool(memory);
    for (int round = 0; round < 300; ++round) {
        auto held = *pool.take(512);
        std::atomic<int> ready = 0;
        const auto drop = [&ready](lease mine) {
            ++ready;
            while (ready < 2) {  // no sleep: both go through the pages side by side
            }
            mine.release();
        };
        {
            const std::jthread other(drop, held.share());
            drop(std::move(held));
        }
        pool.collect();
        REQUIRE(pool.lent_pages() == 0);
        REQUIRE(pool.largest_run() == 512);
    }
}

TEST_CASE("the wake hook is called once each time pages start to wait for collection") {
    arena memory({.bytes = 16 * 4096});
    std::atomic<int> wakes = 0;
    std::atomic<int> homes = 0;
    page_pool pool(memory);
    pool.set_wake_hook(count_call, &wakes);
    pool.set_home_hook(count_call, &homes);
    for (int round = 1; round <= 3; ++round) {
        std::vector<lease> held;
        for (int i = 0; i < 5; ++i) {
            auto taken = pool.take(2);
            REQUIRE(taken.has_value());
            held.push_back(std::move(*taken));
        }
        // Three runs come home from this one, but the list is empty only before the first.
        auto wall = held[2].slice(1, 1);
        elsewhere([&] { held.clear(); });
        CHECK(wakes == 2 * round - 1);
        CHECK(homes == 2 * round - 2);
        CHECK(pool.lent_pages() == 10);
        pool.collect();
        CHECK(pool.lent_pages() == 1);
        CHECK(homes == 2 * round - 1);
        elsewhere([&] { wall.release(); });
        CHECK(wakes == 2 * round);
        pool.collect();
        pool.collect();
        CHECK(homes == 2 * round);
        CHECK(pool.largest_run() == 16);
    }
}

TEST_CASE("waiting for the wake hook alone brings every page home, and the pool may then go") {
    auto random = random_source(77);
    std::atomic<std::size_t> sum = 0;
    for (int round = 0; round < 100; ++round) {
        std::atomic<int> wakes = 0;
        hands dealt;
        std::vector<std::jthread> droppers;
        {
            arena memory({.bytes = 128 * 4096});
            page_pool pool(memory);
            pool.set_wake_hook(count_call, &wakes);
            dealt = deal(pool, random);
            for (auto& hand : dealt) {
                droppers.emplace_back([&] { drop_all(hand, sum); });
            }
            for (int seen = 0; pool.lent_pages() > 0;) {
                wakes.wait(seen);
                seen = wakes;  // before collecting, or a call in between would be slept through
                pool.collect();
            }
            CHECK(pool.largest_run() == 128);
        }
    }
}

TEST_CASE("a pool waits for a wake hook that is still running before it goes") {
    struct slow_hook {
        std::atomic<bool> entered = false;
        std::atomic<bool> left = false;

        static void run(void* context) noexcept {
            auto& self = *static_cast<slow_hook*>(context);
            self.entered = true;
            self.entered.notify_all();
            for (int i = 0; i < 1000; ++i) {
                std::this_thread::yield();
            }
            self.left = true;
        }
    } hook;
    arena memory({.bytes = 4096});
    std::jthread dropper;
    {
        page_pool pool(memory);
        pool.set_wake_hook(slow_hook::run, &hook);
        dropper = std::jthread([held = *pool.take(1)]() mutable { held.release(); });
        hook.entered.wait(false);
    }
    CHECK(hook.left);
}

// The threads tell each other by relaxed atomics, so only the pool orders what they do to the page.
TEST_CASE("what every holder did to a page comes before its next loan") {
    arena memory({.bytes = 4096});
    page_pool pool(memory);
    std::atomic<int> turn = 0;
    const auto wait_for = [&](int mine) {
        while (turn.load(std::memory_order_relaxed) != mine) {
            std::this_thread::yield();
        }
    };
    auto first = pool.take(1);
    REQUIRE(first.has_value());
    auto second = first->share();
    std::jthread one([&] {
        first->bytes().front() = std::byte{1};
        first->release();
        turn.store(1, std::memory_order_relaxed);
    });
    std::jthread two([&] {
        wait_for(1);
        second.release();
        turn.store(2, std::memory_order_relaxed);
    });
    wait_for(2);
    const auto next = pool.take(1);
    REQUIRE(next.has_value());
    CHECK(next->bytes().front() == std::byte{1});
    next->bytes().front() = std::byte{2};
}

TEST_CASE("take collects what other threads sent home") {
    arena memory({.bytes = 4 * 4096});
    page_pool pool(memory);
    auto all = pool.take(4);
    REQUIRE(all.has_value());
    CHECK_FALSE(pool.take(4).has_value());
    elsewhere([&] { all->release(); });
    CHECK(pool.take(4).has_value());
}

TEST_CASE("a pool adopted by another thread lends and takes back there") {
    arena memory({.bytes = 4 * 4096});
    page_pool pool(memory);
    std::atomic<int> wakes = 0;
    pool.set_wake_hook(count_call, &wakes);
    auto held = pool.take(1);
    REQUIRE(held.has_value());
    elsewhere([&] {
        pool.adopt();
        const auto other = pool.take(3);
        CHECK(other.has_value());
        held->release();
        CHECK(pool.free_pages() == 1);
    });
    CHECK(wakes == 0);
    pool.adopt();
    CHECK(pool.largest_run() == 4);
}

TEST_CASE("pages not collected yet come home with the pool's end") {
    arena memory({.bytes = 4 * 4096});
    lease held;
    {
        page_pool pool(memory);
        held = *pool.take(4);
        elsewhere([&] { held.release(); });
        CHECK(pool.lent_pages() == 4);
    }
}

TEST_CASE("taking pages on a thread that is not the pool's ends the process") {
    const auto end = ending_of([] {
        arena memory({.bytes = 4096});
        page_pool pool(memory);
        elsewhere([&] { static_cast<void>(pool.take(1)); });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text == "pelton: take() on a thread that is not the page_pool's\n");
}
