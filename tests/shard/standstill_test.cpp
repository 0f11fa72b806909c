// When all of a team rest, and when they only seem to.
#include <pelton/runtime/shard/standstill.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

using namespace pelton;
using namespace std::chrono_literals;

TEST_CASE("it is reached by the last that rests, when nothing comes, and not before") {
    standstill of(3);
    int asked = 0;
    int reached = 0;
    bool comes = false;
    const auto rests = [&](unsigned number) {
        of.rests(
            number,
            [&] {
                ++asked;
                return !comes;
            },
            [&] { ++reached; });
    };
    rests(1);
    rests(0);
    CHECK(asked == 0);
    of.wakes(0);
    rests(2);
    CHECK(asked == 0);
    comes = true;
    rests(0);
    CHECK(asked == 1);
    CHECK(reached == 0);
    of.wakes(1);
    comes = false;
    rests(1);
    CHECK(asked == 2);
    CHECK(reached == 1);
}

TEST_CASE("a shard that wakes while another looks goes on when the look has ended") {
    standstill of(2);
    of.rests(0, [] { return true; }, [] { FAIL("one is awake"); });
    std::atomic<bool> waking = false;
    std::atomic<bool> awake = false;
    std::jthread other;
    const auto look = [&] {
        other = std::jthread([&] {
            waking.store(true);
            of.wakes(0);
            awake.store(true);
        });
        while (!waking.load()) {
            std::this_thread::yield();
        }
        std::this_thread::sleep_for(10ms);
        CHECK(!awake.load());
        return false;
    };
    of.rests(1, look, [] { FAIL("something comes"); });
    other.join();
    CHECK(awake.load());
}

TEST_CASE("of two that look, the second sees that a shard woke while the first did") {
    standstill of(3);
    const auto nobody = [] { FAIL("not all rest"); };
    of.rests(1, [] { return true; }, nobody);
    of.rests(2, [] { return true; }, nobody);
    std::atomic<int> asked = 0;
    std::jthread second;
    std::jthread waking;
    const auto look = [&] {
        // As late as the first: it has found all at rest before it waits for its turn to look.
        second = std::jthread([&] {
            of.rests(
                1,
                [&] {
                    ++asked;
                    return false;
                },
                [] {});
        });
        std::this_thread::sleep_for(10ms);
        waking = std::jthread([&] { of.wakes(2); });
        while (of.is_at_rest(2)) {
            std::this_thread::yield();
        }
        return false;
    };
    of.rests(0, look, nobody);
    second.join();
    waking.join();
    CHECK(asked.load() == 0);
}

TEST_CASE("threads that pass one token on are never all at rest; once it is gone they are") {
    // The least that shards do: a mailbox of one place each, looked into before resting.
    constexpr unsigned members = 3;
    constexpr int hops = 500;
    struct place {
        std::atomic<int> token{0};
    };
    std::array<place, members> boxes;
    standstill of(members);
    std::atomic<int> reached = 0;
    std::atomic<int> left = hops;
    boxes[0].token.store(1);
    const auto work = [&](unsigned me) {
        std::mt19937 any(me + 1);
        while (reached.load() == 0) {
            if (boxes[me].token.load() == 0) {
                of.rests(
                    me,
                    [&] {
                        for (const auto& each : boxes) {
                            if (each.token.load() != 0) {
                                return false;
                            }
                            std::this_thread::yield();  // for who might pass it on behind us
                        }
                        return true;
                    },
                    [&] {
                        CHECK(left.load() == 0);
                        ++reached;
                    });
                while (boxes[me].token.load() == 0 && reached.load() == 0) {
                    std::this_thread::yield();
                }
                of.wakes(me);
                continue;
            }
            boxes[me].token.store(0);
            if (left.load() > 0) {
                left.fetch_sub(1);
                boxes[(me + 1 + any() % (members - 1)) % members].token.store(1);
            }
        }
    };
    std::vector<std::jthread> threads;
    for (unsigned me = 0; me < members; ++me) {
        threads.emplace_back(work, me);
    }
    threads.clear();
    CHECK(reached.load() == 1);
    CHECK(left.load() == 0);
}
