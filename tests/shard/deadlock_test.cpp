// What is said when the shards of a team all wait for each other, and when it is not.
#include "buffers/sanitizer.hpp"
#include "forwarding_calls.hpp"
#include "shard/several.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/shard/post.hpp>
#include <pelton/runtime/shard/with_stop.hpp>
#include <pelton/runtime/task/event.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/shield.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

constexpr auto verdict = "every task of every shard waits and nothing is left that could wake one";

task<> wait_for_ever(shard&) {
    event never;
    static_cast<void>(co_await never.wait());
}

task<> wait_shielded(shard&) {
    event never;
    static_cast<void>(co_await shield(never.wait()));
}

task<> post_shielded(shard& there) {
    CHECK(post(there, wait_shielded));
    co_return;
}

// Counts the threads just after the last one that was not a shard's gave its pages back and went.
class late_calls final : public forwarding_calls {
public:
    std::optional<unsigned> threads_of_process() noexcept override {
        std::jthread([pages = std::move(held)]() mutable { pages.release(); }).join();
        return 1;
    }

    lease held;
};

task<> call_for_ever(shard& here) {
    co_await on(here.peer(2), wait_for_ever);
}

task<> go_to_the_kernel(shard& there) {
    static_cast<void>(co_await nop(there));
}

task<unsigned> number_of(shard& there) {
    co_return there.number();
}

task<unsigned> number_behind(shard& there, unsigned behind) {
    co_return co_await on(there.peer(behind), number_of);
}

// How a run of `shards` shards ends whose main task is `main`.
template <class Main>
ending ending_of_run(unsigned shards, Main main, std::string_view masked = "") {
    return ending_of([&] { run(several(shards, masked), main); });
}

std::size_t count_of(std::string_view text, std::string_view words) {
    std::size_t count = 0;
    for (auto at = text.find(words); at != text.npos; at = text.find(words, at + 1)) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("two shards that wait for each other are told in a sentence, with their tasks") {
    for (const auto* mask : {"", "msg_ring"}) {
        CAPTURE(mask);
        const auto end = ending_of_run(
            2,
            [](shard& here) -> task<> {
                co_await on(here.peer(1), [](shard& there) -> task<> {
                    co_await on(there.peer(0), wait_for_ever);
                });
            },
            mask);
        CHECK(end.signal == SIGABRT);
        CHECK(count_of(end.text, verdict) == 1);
        CHECK(says(end.text, "shard 0:\n"));
        CHECK(says(end.text, "shard 1:\n"));
        CHECK(count_of(end.text, "call of shard 1") == 1);
        CHECK(count_of(end.text, "call of shard 0") == 1);
        CHECK(count_of(end.text, "wait for an event") == 1);
    }
}

TEST_CASE("so are many shards, and one task that waits where the others have nothing to do") {
    const auto ring = ending_of_run(5, [](shard& here) -> task<> {
        auto family = [&](children& kids) -> task<> {
            for (unsigned i = 1; i < 5; ++i) {
                kids.spawn([&here, i]() -> task<> { co_await on(here.peer(i), wait_for_ever); },
                           "asks");
            }
            co_return;
        };
        co_await scope(family);
    });
    CHECK(ring.signal == SIGABRT);
    CHECK(count_of(ring.text, verdict) == 1);
    CHECK(count_of(ring.text, "asks 0x") == 4);
    CHECK(count_of(ring.text, "wait for an event") == 4);
    const auto alone = ending_of_run(3, wait_for_ever);
    CHECK(alone.signal == SIGABRT);
    CHECK(count_of(alone.text, verdict) == 1);
}

TEST_CASE("after much work, too, and after main has ended while a posted task waits for ever") {
    const auto worked = ending_of_run(2, [](shard& here) -> task<> {
        for (int i = 0; i < 200; ++i) {
            co_await on(here.peer(1), go_to_the_kernel);
        }
        co_await on(here.peer(1), wait_for_ever);
    });
    CHECK(worked.signal == SIGABRT);
    CHECK(count_of(worked.text, verdict) == 1);
    const auto posted =
        ending_of_run(2, [](shard& here) -> task<> { co_await on(here.peer(1), post_shielded); });
    CHECK(posted.signal == SIGABRT);
    CHECK(count_of(posted.text, verdict) == 1);
    CHECK(says(posted.text, "posted 0x"));
}

TEST_CASE("pages that tasks of two shards keep from each other are told as such") {
    if (PELTON_THREAD_SANITIZER) {
        pelton_test::skip("ThreadSanitizer has a thread that might hold the pages");
        return;
    }
    const auto end = ending_of_run(2, [](shard& here) -> task<> {
        const auto mine = co_await here.pages().take(16);
        co_await on(here.peer(1), [](shard& there) -> task<> {
            const auto held = co_await there.pages().take(10);
            static_cast<void>(co_await there.pages().take(7));
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "deadlock: the tasks above wait for pages"));
    CHECK(says(end.text, "wait for 7 pages while it holds 10 of 16"));
}

TEST_CASE("a thread that holds an address, pages or a stop source may end what looks like one") {
    for (int round = 0; round < 20; ++round) {
        on_shard(several(3), [](shard& here) -> task<> {
            event came;
            std::jthread poster([&came, where = here.address()]() mutable {
                std::this_thread::sleep_for(1ms);
                const auto posted = post(where, [&came] { came.set(); });
                // And goes at once, and the address with it.
                static_cast<void>(posted);
            });
            CHECK(co_await came.wait());
            std::optional<lease> held(std::move(*here.pages().take_now(16)));
            std::jthread holder([pages = std::move(*held)]() mutable {
                std::this_thread::sleep_for(1ms);
                pages.release();
            });
            CHECK(co_await here.pages().take(1));
            std::stop_source quit;
            std::jthread stopper([&quit] {
                std::this_thread::sleep_for(1ms);
                quit.request_stop();
            });
            co_await with_stop(quit.get_token(), call_for_ever(here));
        });
    }
}

TEST_CASE("a thread that sends pages home and is gone when it is looked for was in time") {
    late_calls calls;
    auto with = tiny();
    with.calls = &calls;
    on_shard(with, [&calls](shard& here) -> task<> {
        calls.held = std::move(*here.pages().take_now(16));
        CHECK(co_await here.pages().take(1));
    });
}

TEST_CASE("a thousand calls that go to and fro at random are never taken for a standstill") {
    for (const auto* mask : {"", "msg_ring"}) {
        CAPTURE(mask);
        constexpr unsigned shards = 4;
        constexpr int calls = 250;  // of each of four tasks
        on_shard(several(shards, mask), [](shard& here) -> task<> {
            int returned = 0;
            auto family = [&](children& kids) -> task<> {
                for (unsigned seed = 0; seed < 4; ++seed) {
                    kids.spawn([&, seed]() -> task<> {
                        std::mt19937 any(seed + 1);
                        for (int i = 0; i < calls; ++i) {
                            const auto there = static_cast<unsigned>(any() % shards);
                            const auto behind = static_cast<unsigned>(any() % shards);
                            const auto number = co_await on(here.peer(there), [&](shard& first) {
                                return number_behind(first, behind);
                            });
                            CHECK(number == behind);
                            ++returned;
                        }
                    });
                }
                co_return;
            };
            co_await scope(family);
            CHECK(returned == 4 * calls);
        });
    }
}
