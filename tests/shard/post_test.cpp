#include "shard/several.hpp"

#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/shard/post.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

// Waits on the shard for what other threads do.
task<> wait_until(const std::atomic<int>& count, int wanted) {
    while (count.load() != wanted) {
        static_cast<void>(co_await sleep(1ms));
    }
}

}  // namespace

TEST_CASE("what a thread posts runs on the shard: functions and tasks, in order") {
    for (const unsigned shards : {1U, 2U}) {
        on_shard(several(shards), [](shard& here) -> task<> {
            std::vector<int> order;
            std::atomic<int> done{0};
            const auto where = here.address();
            std::jthread poster([&, where] {
                for (int i = 0; i < 100; i += 2) {
                    CHECK(post(where, [&, i](shard& there) {
                        CHECK(shard::of_this_thread() == &there);
                        order.push_back(i);
                        ++done;
                    }));
                    CHECK(post(where, [&, i](shard& there) -> task<> {
                        order.push_back(i + 1);
                        CHECK(co_await nop(there));
                        ++done;
                    }));
                }
            });
            co_await wait_until(done, 100);
            REQUIRE(order.size() == 100);
            CHECK(std::ranges::is_sorted(order));
        });
    }
}

TEST_CASE("threads post to every shard at once, and everything runs") {
    std::atomic<int> ran{0};
    on_shard(several(3), [&](shard& here) -> task<> {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < 6; ++i) {
            threads.emplace_back([&ran, where = here.peer(i % 3).address()] {
                for (int round = 0; round < 500; ++round) {
                    while (!post(where, [&ran] { ++ran; })) {
                        std::this_thread::yield();  // no place
                    }
                }
            });
        }
        co_await wait_until(ran, 3'000);
    });
    CHECK(ran == 3'000);
}

TEST_CASE("a full mailbox answers EAGAIN to post(), and has a place again later") {
    auto with = tiny();
    with.mailbox_places = 3;
    int ran = 0;  // outlives the last post, which runs while the shard ends
    on_shard(with, [&ran](shard& here) -> task<> {
        const auto where = here.address();
        for (int i = 0; i < 3; ++i) {
            CHECK(post(where, [&ran] { ++ran; }));
        }
        const auto refused = post(where, [&ran] { ++ran; });
        CHECK(refused.error() == std::errc::resource_unavailable_try_again);
        while (ran != 3) {
            static_cast<void>(co_await yield());
        }
        CHECK(post(where, [&ran] { ++ran; }));
    });
    CHECK(ran == 4);
}

TEST_CASE("a thread waits for what its post yields or throws") {
    on_shard(several(2), [](shard& here) -> task<> {
        std::atomic<int> done{0};
        const auto where = here.peer(1).address();
        std::jthread asker([&] {
            CHECK(post_and_wait(where, [](shard& there) { return there.number(); }) == 1U);
            const auto failed = post_and_wait(
                where, [](shard&) -> task<result<int>> { co_return failure(ENOENT); });
            CHECK(failed.error() == std::errc::no_such_file_or_directory);
            CHECK(post_and_wait(where, [](shard& there) -> task<> { CHECK(co_await nop(there)); }));
            CHECK_THROWS_AS(static_cast<void>(post_and_wait(
                                where, []() -> int { throw std::runtime_error("no"); })),
                            std::runtime_error);
            ++done;
        });
        co_await wait_until(done, 1);
    });
}

TEST_CASE("threads that wait for their posts share few places") {
    auto with = several(2);
    with.mailbox_places = 1;
    on_shard(with, [](shard& here) -> task<> {
        std::atomic<int> sum{0};
        std::atomic<int> done{0};
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&, where = here.peer(1).address()] {
                for (int round = 0; round < 200; ++round) {
                    sum += post_and_wait(where, [] { return 1; }).value();
                }
                ++done;
            });
        }
        co_await wait_until(done, 4);
        CHECK(sum == 800);
    });
}

TEST_CASE("after the end of its shard an address refuses, and what was accepted has run") {
    for (const unsigned shards : {1U, 2U}) {
        std::atomic<int> accepted{0};
        std::atomic<int> ran{0};
        std::atomic<int> destroyed{0};
        std::optional<shard_address> kept;
        std::vector<std::jthread> threads;
        struct witness {
            explicit witness(std::atomic<int>& ended) : ended_(&ended) {}
            witness(witness&& other) noexcept : ended_(std::exchange(other.ended_, nullptr)) {}
            ~witness() {
                if (ended_ != nullptr) {
                    ++*ended_;
                }
            }
            std::atomic<int>* ended_;
        };
        on_shard(several(shards), [&](shard& here) -> task<> {
            kept = here.peer(shards - 1).address();
            for (int i = 0; i < 3; ++i) {
                threads.emplace_back([&, where = *kept] {
                    for (;;) {
                        if (accepted - ran > 100) {
                            std::this_thread::yield();  // what is begun is not bounded
                            continue;
                        }
                        auto work = [&ran, seen = witness(destroyed)](shard& there) -> task<> {
                            static_cast<void>(co_await nop(there));
                            static_cast<void>(co_await nop(there));
                            ++ran;
                        };
                        const auto posted = post(where, std::move(work));
                        if (!posted && posted.error().value() == ESHUTDOWN) {
                            return;
                        }
                        accepted += posted ? 1 : 0;
                    }
                });
            }
            while (ran < 200) {
                static_cast<void>(co_await sleep(1ms));
            }
        });
        threads.clear();
        CHECK(ran == accepted);
        CHECK(destroyed >= accepted);
        CHECK(post(*kept, [] {}).error().value() == ESHUTDOWN);
        CHECK(post_and_wait(*kept, [] {}).error().value() == ESHUTDOWN);
    }
}

TEST_CASE("a posted task that still runs when main ends is asked to stop, and waited for") {
    for (const unsigned shards : {1U, 2U}) {
        const pipe_ends silent;
        int cancelled = 0;
        on_shard(several(shards), [&](shard& here) -> task<> {
            CHECK(post(here.peer(shards - 1), [&](shard& there) -> task<> {
                auto read = [&](shard& nearer) -> task<> {
                    const auto got = co_await pipe_read(nearer, silent.reader());
                    cancelled += !got && got.error() == std::errc::operation_canceled ? 1 : 0;
                };
                co_await on(there.peer(0), read);
            }));
            for (int i = 0; i < 20; ++i) {
                static_cast<void>(co_await sleep(1ms));
            }
        });
        CHECK(cancelled == 1);
    }
}

TEST_CASE("a posted task that fails or throws is heard of by the shard's error hook") {
    std::vector<std::string> errors;
    auto with = tiny();
    with.error = [&](std::error_code error, std::string_view what) {
        errors.push_back(std::string(what) + ": " + std::to_string(error.value()));
    };
    on_shard(with, [](shard& here) -> task<> {
        CHECK(post(here, [](shard&) -> task<result<void>> { co_return failure(EIO); }));
        CHECK(post(here, [] { throw std::runtime_error("the reason"); }));
        CHECK(post(here, [] { throw 5; }));
        for (int i = 0; i < 5; ++i) {
            static_cast<void>(co_await yield());
        }
    });
    CHECK(errors == std::vector<std::string>{"a posted task failed: 5",
                                             "a posted task threw (the reason): 125",
                                             "a posted task threw: 125"});
}

TEST_CASE("a shard with nothing to do sleeps while somebody holds its address") {
    on_shard([](shard& here) -> task<> {
        // The task waits in a scope whose child only another thread's post lets go on.
        std::optional<lease> held(std::move(*here.pages().take_now(16)));
        std::jthread late([&held, where = here.address()] {
            std::this_thread::sleep_for(20ms);
            CHECK(post(where, [&held] { held.reset(); }));
        });
        CHECK(co_await here.pages().take(1));
    });
}

TEST_CASE("a task that waits for pages which another thread holds is no deadlock") {
    on_shard([](shard& here) -> task<> {
        auto held = std::move(*here.pages().take_now(16));
        std::jthread late([pages = std::move(held)]() mutable {
            std::this_thread::sleep_for(20ms);
            pages.release();
        });
        CHECK(co_await here.pages().take(1));
    });
}

TEST_CASE("a thread that blocks for its own shard ends the process with a sentence") {
    const auto end = ending_of([] {
        run(tiny(), [](shard& here) -> task<> {
            static_cast<void>(post_and_wait(here.address(), [] { return 1; }));
            co_return;
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "post_and_wait() would block a shard's thread"));
}
