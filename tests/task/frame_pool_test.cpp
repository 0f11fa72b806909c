#include "counted_new.hpp"
#include "skip.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/frame_pool.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// Whether what this file counts can be counted; says why not.
bool countable() {
    if (!frame_pool::keeps_frames()) {
        pelton_test::skip("under AddressSanitizer no frame is kept");
        return false;
    }
    if (!counts_new) {
        pelton_test::skip("ThreadSanitizer's operator new cannot be counted");
        return false;
    }
    return true;
}

task<int> add(int a, int b) {
    co_return a + b;
}

template <std::size_t Bytes>
task<int> with_locals(gate& at, int value) {
    std::array<std::uint8_t, Bytes> locals{};
    locals[static_cast<std::size_t>(value) % Bytes] = 1;
    static_cast<void>(co_await at.pass());
    int sum = 0;
    for (const auto each : locals) {
        sum += each;
    }
    co_return sum;
}

}  // namespace

TEST_CASE("once warm, a task costs no operator new") {
    if (!countable()) {
        return;
    }
    hand_scheduler shop;
    int sum = 0;
    auto body = [&]() -> task<> {
        for (int i = 0; i < 1'000; ++i) {
            sum = co_await add(sum, 1);
        }
    };
    shop.run(body);
    const auto before = allocations;
    shop.run(body);
    const auto allocated = allocations - before;
    CHECK(sum == 2'000);
    CHECK(allocated == 0);
}

TEST_CASE("once warm, a scope and its children cost no operator new") {
    if (!countable()) {
        return;
    }
    hand_scheduler shop;
    int ran = 0;
    auto family = [&](children& kids) -> task<> {
        for (int i = 0; i < 10; ++i) {
            kids.spawn([&ran]() -> task<> {
                ++ran;
                co_return;
            });
        }
        co_return;
    };
    auto round = [&]() -> task<> { co_await scope(family); };
    shop.run(round);
    const auto before = allocations;
    shop.run(round);
    const auto allocated = allocations - before;
    CHECK(allocated == 0);
    CHECK(ran == 20);
}

TEST_CASE("a frame of more than 4 KiB comes from the heap and goes back there") {
    hand_scheduler shop;
    gate at;
    int sum = 0;
    auto body = [&]() -> task<> { sum = co_await with_locals<100'000>(at, 70'000); };
    shop.start(body);
    shop.run_ready();
    at.open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(sum == 1);
}

TEST_CASE("frames of every size class keep their contents while others come and go") {
    hand_scheduler shop;
    std::array<gate, 4> gates;
    int sum = 0;
    auto body = [&]() -> task<> {
        auto [a, b, c, d] = co_await when_all(
            with_locals<1>(gates[0], 0), with_locals<64>(gates[1], 63),
            with_locals<1'000>(gates[2], 999), with_locals<3'900>(gates[3], 3'899));
        sum = a + b + c + d;
    };
    shop.start(body);
    shop.run_ready();
    auto churn = []() -> task<> {
        for (int i = 0; i < 100; ++i) {
            static_cast<void>(co_await add(i, i));
        }
    };
    shop.start(churn);
    shop.run_ready();
    for (auto& each : gates) {
        REQUIRE(each.someone_waits());
        each.open();
    }
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(sum == 4);
}

TEST_CASE("a frame released on another thread goes home, and is not reused there") {
    if (!countable()) {
        return;
    }
    constexpr std::size_t bytes = 2'752;  // a class of its own in this program
    void* frame = frame_pool::allocate(bytes);
    void* other = nullptr;
    std::thread([&] {
        frame_pool::release(frame, bytes);
        other = frame_pool::allocate(bytes);
        frame_pool::release(other, bytes);
    }).join();
    CHECK(other != frame);
    const auto before = allocations;
    CHECK(frame_pool::allocate(bytes - 1) == frame);
    CHECK(allocations == before);
    frame_pool::release(frame, bytes);
}

TEST_CASE("tasks that always end on the other thread cost no memory there or here, once warm") {
    constexpr int rounds = 10'000;
    std::array<std::optional<task<int>>, 8> going;
    std::array<std::optional<task<int>>, 1> coming;
    std::barrier both(2);
    std::size_t allocated_there = 0;
    // Each thread makes frames, and destroys those that the other made.
    const auto play = [&both](auto& made, auto& met) {
        std::size_t before = 0;
        for (int i = 0; i < rounds; ++i) {
            for (auto& each : made) {
                each.emplace(add(i, i));
            }
            both.arrive_and_wait();
            for (auto& each : met) {
                each.reset();
            }
            both.arrive_and_wait();
            before = i == 1 ? allocations : before;
        }
        return allocations - before;
    };
    std::thread there([&] { allocated_there = play(going, coming); });
    const auto allocated_here = play(coming, going);
    there.join();
    if (countable()) {
        CHECK(allocated_here == 0);
        CHECK(allocated_there == 0);
    }
}

TEST_CASE("frames outlive the thread that made them, and end anywhere") {
    std::vector<task<int>> left;
    for (int i = 0; i < 20; ++i) {
        std::thread([&] {
            for (int k = 0; k < 10; ++k) {
                left.push_back(add(k, k));
            }
        }).join();
        if (i % 2 == 0) {
            left.clear();  // nobody is at home; otherwise a later thread is
        }
    }
    std::thread([&] { left.clear(); }).join();
    CHECK(left.empty());
}

TEST_CASE("frames come home while their thread ends and while it makes others") {
    for (int i = 0; i < 200; ++i) {
        std::vector<task<int>> made;
        std::atomic<bool> handed_over{false};
        std::thread maker([&] {
            for (int k = 0; k < 20; ++k) {
                made.push_back(add(k, k));
            }
            handed_over.store(true);
            for (int k = 0; k < 20; ++k) {
                static_cast<void>(add(k, k));
            }
        });
        while (!handed_over.load()) {
            std::this_thread::yield();
        }
        made.clear();
        maker.join();
        CHECK(made.empty());
    }
}
