#include "shard/several.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* masks[] = {"", "msg_ring", "clone_buffers", "msg_ring,clone_buffers"};

task<int> number_of(shard& there) {
    CHECK(shard::of_this_thread() == &there);
    CHECK(co_await nop(there));
    CHECK(shard::of_this_thread() == &there);
    co_return static_cast<int>(there.number());
}

}  // namespace

TEST_CASE("on() runs a task on another shard and brings its value back to the caller's") {
    for (const auto* mask : masks) {
        CAPTURE(mask);
        on_shard(several(3, mask), [](shard& here) -> task<> {
            CHECK(here.shards() == 3);
            CHECK(here.number() == 0);
            const auto thread = std::this_thread::get_id();
            for (unsigned round = 0; round < 100; ++round) {
                const auto number = co_await on(here.peer(round % 3), number_of);
                CHECK(number == static_cast<int>(round % 3));
                CHECK(shard::of_this_thread() == &here);
                CHECK(std::this_thread::get_id() == thread);
            }
        });
    }
}

TEST_CASE("values that own something, errors, exceptions and nothing come back from on()") {
    on_shard(several(2), [](shard& here) -> task<> {
        auto& there = here.peer(1);
        auto owned = [] -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
        CHECK(*co_await on(there, owned) == 7);
        auto failing = [] -> task<result<int>> { co_return failure(ENOSPC); };
        CHECK((co_await on(there, failing)).error() == std::errc::no_space_on_device);
        auto throwing = [](shard&) -> task<> {
            throw std::runtime_error("from there");
            co_return;
        };
        std::string said;
        try {
            co_await on(there, throwing);
        } catch (const std::runtime_error& error) {
            said = error.what();
        }
        CHECK(said == "from there");
        auto refusing = [](shard&) -> task<> { throw 5; };
        CHECK_THROWS_AS(co_await on(there, refusing), int);
        int ran = 0;
        auto nothing = [&ran](shard&) -> task<> {
            ++ran;
            co_return;
        };
        co_await on(there, nothing);
        co_await on(here, nothing);
        CHECK(ran == 2);
    });
}

TEST_CASE("on() works in a run of one shard, on that shard") {
    on_shard([](shard& here) -> task<> {
        CHECK(here.shards() == 1);
        CHECK(&here.peer(0) == &here);
        CHECK(co_await on(here, number_of) == 0);
    });
}

TEST_CASE("shards call each other in chains and at the same time") {
    struct chain {
        static task<int> walk(shard& here, int steps) {
            if (steps == 0) {
                co_return 0;
            }
            auto& next = here.peer((here.number() + 1) % here.shards());
            auto further = [steps](shard& there) { return walk(there, steps - 1); };
            co_return 1 + co_await on(next, further);
        }
    };
    for (const auto* mask : masks) {
        CAPTURE(mask);
        on_shard(several(3, mask), [](shard& here) -> task<> {
            std::vector<task<int>> walks;
            for (int i = 0; i < 50; ++i) {
                walks.push_back(chain::walk(here, i));
            }
            const auto lengths = co_await when_all(std::move(walks));
            for (int i = 0; i < 50; ++i) {
                CHECK(lengths[static_cast<std::size_t>(i)] == i);
            }
        });
    }
}

TEST_CASE("more calls than a mailbox has places wait, and all of them run, in order") {
    for (const auto* mask : masks) {
        CAPTURE(mask);
        auto with = several(2, mask);
        with.mailbox_places = 2;
        on_shard(with, [](shard& here) -> task<> {
            std::vector<int> order;
            auto call = [&](int number) -> task<> {
                auto note = [&order, number](shard&) -> task<> {
                    order.push_back(number);
                    co_return;
                };
                co_await on(here.peer(1), note);
            };
            std::vector<task<>> calls;
            for (int i = 0; i < 1'000; ++i) {
                calls.push_back(call(i));
            }
            static_cast<void>(co_await when_all(std::move(calls)));
            REQUIRE(order.size() == 1'000);
            CHECK(std::ranges::is_sorted(order));
            CHECK(here.counters().calls == 1'000);
            CHECK(here.counters().mailbox_waits > 0);
        });
    }
}

TEST_CASE("a stop request reaches the task on the other shard, and the caller waits for its end") {
    for (const auto* mask : masks) {
        CAPTURE(mask);
        on_shard(several(2, mask), [](shard& here) -> task<> {
            const pipe_ends silent;
            for (int round = 0; round < 200; ++round) {
                bool began = false;
                bool ended = false;
                auto read = [&](shard& there) -> task<result<std::size_t>> {
                    began = true;
                    auto got = co_await pipe_read(there, silent.reader());
                    ended = true;
                    co_return got;
                };
                result<std::size_t> outcome = std::size_t{1};
                auto family = [&](children& kids) -> task<> {
                    kids.spawn([&]() -> task<> { outcome = co_await on(here.peer(1), read); });
                    for (int i = 0; i < round; ++i) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(family);
                CHECK(outcome.error() == std::errc::operation_canceled);
                CHECK(began == ended);
            }
        });
    }
}

TEST_CASE("a stopped task's call yields ECANCELED without running, if its value can say so") {
    on_shard(several(2), [](shard& here) -> task<> {
        bool ran = false;
        auto checked = [&](shard&) -> task<result<void>> {
            ran = true;
            co_return result<void>{};
        };
        auto plain = [](shard& there) -> task<bool> {
            co_return (co_await nop(there)).error() == std::errc::operation_canceled;
        };
        auto family = [&](children& kids) -> task<> {
            kids.request_stop();
            const auto outcome = co_await on(here.peer(1), checked);
            CHECK(outcome.error() == std::errc::operation_canceled);
            CHECK(!ran);
            CHECK(co_await on(here.peer(1), plain));
            CHECK(co_await on(here, plain));
        };
        co_await scope(family);
    });
}

TEST_CASE("a call that waits for a place in a mailbox is taken back by a stop request") {
    auto with = several(2);
    with.mailbox_places = 1;
    on_shard(with, [](shard& here) -> task<> {
        int ran = 0;
        int cancelled = 0;
        auto count = [&](shard&) -> task<result<void>> {
            ++ran;
            co_return result<void>{};
        };
        for (int round = 0; round < 100; ++round) {
            auto call = [&]() -> task<> { cancelled += co_await on(here.peer(1), count) ? 0 : 1; };
            auto family = [&](children& kids) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    kids.spawn(call);
                }
                static_cast<void>(co_await yield());
                kids.request_stop();
            };
            co_await scope(family);
        }
        CHECK(cancelled >= 100);
        auto last = [&](shard&) -> task<int> { co_return ran; };
        CHECK(co_await on(here.peer(1), last) + cancelled == 1'000);
    });
}

TEST_CASE("what is called on a shard of another run ends the process with a sentence") {
    const auto end = ending_of([] {
        run(several(2), [](shard& here) -> task<> {
            shard& outer = here;
            const int inner = run(
                several(2), [&](shard&) -> task<int> { co_return co_await on(outer, number_of); });
            CHECK(inner == 0);
            co_return;
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "on() goes to a shard of the same run()"));
}

TEST_CASE("a lease that was handed over is registered there, and goes home when it ends there") {
    for (const auto* mask : masks) {
        CAPTURE(mask);
        on_shard(several(3, mask), [](shard& here) -> task<> {
            const auto all = here.pages().pool().pages();
            for (int round = 0; round < 20; ++round) {
                auto pages = co_await here.pages().take(all);
                REQUIRE(pages);
                auto take_over = [&](shard& there) -> task<> {
                    const int found =
                        there.queues().registered().find(pages->data(), pages->size());
                    CHECK((found != registry::none) ==
                          there.known().has(feature::registered_buffers));
                    CHECK(there.pages().pool().lent_pages() == 0);
                    pages->release();
                    co_return;
                };
                co_await on(here.peer(1 + static_cast<unsigned>(round) % 2), take_over);
            }
            CHECK(co_await here.pages().take(all));
        });
    }
}

TEST_CASE("rings that clone share one registration; without cloning each has its own") {
    for (const auto* mask : {"", "clone_buffers"}) {
        CAPTURE(mask);
        on_shard(several(3, mask), [&](shard& here) -> task<> {
            if (!here.known().has(feature::registered_buffers)) {
                pelton_test::skip("the kernel registers no buffers");
                co_return;
            }
            CHECK(here.pages().registered());
            auto look = [](shard& there) -> task<unsigned> {
                unsigned known = 0;
                for (unsigned i = 0; i < registry::slots; ++i) {
                    known += there.queues().registered().is_used(i) ? 1 : 0;
                }
                co_return known;
            };
            for (unsigned i = 0; i < 3; ++i) {
                CHECK(co_await on(here.peer(i), look) == 3);
            }
        });
    }
}
