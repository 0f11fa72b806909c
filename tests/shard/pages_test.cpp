#include "fixture.hpp"
#include "forwarding_calls.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t all_pages = 16;  // of tiny()

task<> take_and_note(shard& here, std::size_t pages, std::vector<int>& order, int number) {
    const auto taken = co_await here.pages().take(pages);
    order.push_back(taken ? number : -number);
}

// No eventfd: a shard without a door.
class doorless_calls final : public forwarding_calls {
public:
    result<int> eventfd() noexcept override { return failure(EMFILE); }
};

}  // namespace

TEST_CASE("pages that are there are lent at once, in registered memory where the kernel has it") {
    on_shard([](shard& here) -> task<> {
        const auto pages = co_await here.pages().take(3);
        REQUIRE(pages);
        CHECK(pages->pages() == 3);
        const bool can = here.known().has(feature::registered_buffers);
        const int found = here.queues().registered().find(pages->data(), pages->size());
        CHECK(here.pages().registered() == can);
        CHECK((found != registry::none) == can);
        CHECK(here.pages().pool().lent_pages() == 3);
    });
}

TEST_CASE("who waits for pages gets them in the order of asking, when enough came home") {
    on_shard([](shard& here) -> task<> {
        std::vector<int> order;
        auto family = [&](children& kids) -> task<> {
            auto held = co_await here.pages().take(all_pages);
            REQUIRE(held);
            for (int i = 1; i <= 4; ++i) {
                kids.spawn(
                    [&, i] { return take_and_note(here, i == 1 ? all_pages : 1, order, i); });
            }
            static_cast<void>(co_await yield());
            CHECK(here.pages().take_now(1).error() == std::errc::no_buffer_space);
            auto part = held->slice(0, all_pages / 2);
            held->release();  // half of them come home: too few for the first, and nobody overtakes
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(co_await yield());
            }
            CHECK(order.empty());
            CHECK(here.pages().take_now(1).error() == std::errc::no_buffer_space);
            part.release();
        };
        co_await scope(family);
        CHECK(order == std::vector{1, 2, 3, 4});
    });
}

TEST_CASE("more pages than there are is an error at once, also behind others who wait") {
    on_shard([](shard& here) -> task<> {
        CHECK((co_await here.pages().take(all_pages + 1)).error() == std::errc::value_too_large);
        CHECK((co_await here.pages().take(0)).error() == std::errc::invalid_argument);
        std::vector<int> order;
        auto family = [&](children& kids) -> task<> {
            const auto held = co_await here.pages().take(all_pages);
            kids.spawn([&] { return take_and_note(here, 1, order, 1); });
            static_cast<void>(co_await yield());
            CHECK((co_await here.pages().take(all_pages + 1)).error() ==
                  std::errc::value_too_large);
            CHECK((co_await here.pages().take(0)).error() == std::errc::invalid_argument);
        };
        co_await scope(family);
        CHECK(order == std::vector{1});
    });
}

TEST_CASE("a stop request ends a wait for pages, and who wants fewer goes on") {
    on_shard([](shard& here) -> task<> {
        auto held = co_await here.pages().take(all_pages - 1);
        std::vector<int> order;
        auto impatient = [&](children& kids) -> task<> {
            kids.spawn([&] { return take_and_note(here, 2, order, 1); });
            for (int i = 0; i < 20; ++i) {
                static_cast<void>(co_await yield());
            }
            CHECK(order.empty());
            kids.request_stop();
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&] { return scope(impatient); });
            for (int i = 0; i < 5; ++i) {
                static_cast<void>(co_await yield());
            }
            kids.spawn([&] { return take_and_note(here, 1, order, 2); });
            co_return;
        };
        co_await scope(family);
        CHECK(order == std::vector{-1, 2});
    });
}

TEST_CASE("a stopped task does not wait for pages") {
    on_shard([](shard& here) -> task<> {
        const auto held = co_await here.pages().take(all_pages);
        auto family = [&](children& kids) -> task<> {
            kids.request_stop();
            CHECK((co_await here.pages().take(1)).error() == std::errc::operation_canceled);
        };
        co_await scope(family);
    });
}

TEST_CASE("pages that come home on another thread wake who waits for them") {
    on_shard([](shard& here) -> task<> {
        for (int round = 0; round < 100; ++round) {
            auto held = co_await here.pages().take(all_pages);
            REQUIRE(held);
            auto let_go = [&held] { held->release(); };
            auto elsewhere = [&]() -> task<> { co_await offload(here, let_go); };
            auto wait = [&]() -> task<std::size_t> {
                const auto taken = co_await here.pages().take(all_pages);
                co_return taken ? taken->pages() : 0;
            };
            const auto [nothing, got] = co_await when_all(elsewhere(), wait());
            CHECK(got == all_pages);
        }
    });
}

TEST_CASE("many tasks share few pages, and all come home") {
    on_shard([](shard& here) -> task<> {
        std::size_t served = 0;
        auto one = [&](std::size_t pages) -> task<> {
            for (int i = 0; i < 20; ++i) {
                auto taken = co_await here.pages().take(pages);
                REQUIRE(taken);
                CHECK(co_await nop(here));
                ++served;
            }
        };
        std::vector<task<>> many;
        for (std::size_t i = 0; i < 50; ++i) {
            many.push_back(one(1 + i % all_pages));
        }
        static_cast<void>(co_await when_all(std::move(many)));
        CHECK(served == 1'000);
        CHECK(here.pages().pool().lent_pages() == 0);
        CHECK(here.pages().pool().largest_run() == all_pages);
    });
}

TEST_CASE("a task that waits for pages nobody will return ends the process with a dump") {
    const auto end = ending_of([] {
        run(tiny(), [](shard& here) -> task<> {
            const auto held = co_await here.pages().take(all_pages);
            static_cast<void>(co_await here.pages().take(5));
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "deadlock: the tasks above wait for pages"));
    CHECK(says(end.text, "wait for 5 pages while it holds 16 of 16"));
    CHECK(says(end.text, "sqes "));
}

TEST_CASE("the dump of a process in which every task waits is not cut") {
    const auto end = ending_of([] {
        run(tiny(), [](shard& here) -> task<> {
            const auto held = co_await here.pages().take(all_pages);
            auto family = [&](children& kids) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    kids.spawn(
                        [&]() -> task<> { static_cast<void>(co_await here.pages().take(2)); },
                        "hungry");
                }
                co_return;
            };
            co_await scope(family);
        });
    });
    CHECK(end.signal == SIGABRT);
    std::size_t hungry = 0;
    for (auto at = end.text.find("hungry"); at != std::string::npos;
         at = end.text.find("hungry", at + 1)) {
        ++hungry;
    }
    CHECK(hungry == 100);
    CHECK(says(end.text, "short_transfers"));
}

TEST_CASE(
    "an operation in the SQ is seen by the search for deadlocks, whatever the doorbell does") {
    // The nop and its cancel fill the SQ, the kernel takes neither, and the doorbell that opens
    // then finds no room: one operation is in flight, and it is not the doorbell.
    struct busy_once final : ring_face {
        int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
            return linux_ring().set_up(entries, params, ring);
        }
        int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags,
                  void* argument, std::size_t bytes) noexcept override {
            if (std::exchange(busy, false)) {
                return -EBUSY;
            }
            return linux_ring().enter(ring, to_submit, wait_for, flags, argument, bytes);
        }
        int register_with(io_uring& ring, unsigned opcode, void* argument,
                          unsigned count) noexcept override {
            return linux_ring().register_with(ring, opcode, argument, count);
        }
        void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
        const std::atomic<unsigned>& forks() const noexcept override {
            return linux_ring().forks();
        }
        bool busy = true;
    };
    const auto end = ending_of([] {
        busy_once kernel;
        auto with = tiny();
        with.ring_kernel = &kernel;
        with.notice = [](std::string_view) {};  // a kernel without registered buffers says so
        std::optional<lease> held;
        const int code = run(with, [&](shard& here) -> task<> {
            auto stopped = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    static_cast<void>(co_await nop(here));
                    held.reset();
                });
                static_cast<void>(co_await yield());
                kids.request_stop();
            };
            auto hungry = [&]() -> task<> {
                for (int i = 0; i < 400 && kernel.busy; ++i) {
                    static_cast<void>(co_await yield());
                }
                held = std::move(*here.pages().take_now(all_pages));
                CHECK(co_await here.pages().take(all_pages));
            };
            auto stop_one = [&]() -> task<> { co_await scope(stopped); };
            co_await when_all(stop_one(), hungry());
        });
        ::_exit(code);
    });
    CHECK(end.text.empty());
    CHECK(end.signal == 0);
}

TEST_CASE("where there is no descriptor for a doorbell, pages() throws and leaves nothing behind") {
    doorless_calls calls;
    auto with = tiny();
    with.calls = &calls;
    on_shard(with, [](shard& here) -> task<> {
        for (int i = 0; i < 3; ++i) {
            CHECK_THROWS_AS(static_cast<void>(here.pages()), std::system_error);
        }
        CHECK(here.queues().registered().free_slot() == 0);
        co_return;
    });
}

TEST_CASE("without registered buffers pages are lent all the same, which is said once") {
    auto with = tiny();
    with.ring.masked.set(static_cast<std::size_t>(feature::registered_buffers));
    std::vector<std::string> notices;
    with.notice = [&](std::string_view sentence) { notices.emplace_back(sentence); };
    on_shard(with, [](shard& here) -> task<> {
        CHECK(co_await here.pages().take(1));
        CHECK(co_await here.pages().take(1));
        CHECK(!here.pages().registered());
    });
    REQUIRE(notices.size() == 1);
    CHECK(says(notices[0], "pages are not registered with the kernel"));
}

TEST_CASE("a lease that outlives its shard ends the process with a sentence") {
    const auto end = ending_of([] {
        std::optional<lease> kept;
        run(tiny(), [&](shard& here) -> task<> {
            auto pages = co_await here.pages().take(1);
            kept = std::move(*pages);
        });
    });
    CHECK(end.signal == SIGABRT);
    INFO(end.text);
    CHECK(says(end.text, "lent"));
}
