// Tasks that wait for a word which other threads change.
#include "op/on_shard.hpp"

#include <pelton/runtime/op/futex.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>

using namespace pelton;
using test::on_shard;

namespace {

constexpr std::array<std::string_view, 2> masks{"", "futex"};

}  // namespace

TEST_CASE("a task that waits for a word wakes when another thread has changed it") {
    for (const auto mask : masks) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            std::atomic<std::uint32_t> word{0};
            auto wait = [&]() -> task<> {
                while (word.load() == 0) {
                    CHECK((co_await futex_wait(here, word, 0)).has_value());
                }
            };
            auto body = [&](children& kids) -> task<> {
                for (int i = 0; i < 6; ++i) {  // more than there are threads
                    kids.spawn(wait);
                }
                static_cast<void>(co_await sleep(std::chrono::milliseconds(20)));
                CHECK(kids.running() == 7);
                std::thread other([&] {
                    word.store(1);
                    CHECK(futex_wake(linux_calls(), word, 100).has_value());
                });
                other.join();
            };
            co_await scope(body);
            CHECK(word.load() == 1);
        });
    }
}

TEST_CASE("a word that has another value already is not waited for") {
    for (const auto mask : masks) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const std::atomic<std::uint32_t> word{5};
            CHECK(co_await futex_wait(here, word, 4) == false);
        });
    }
}

TEST_CASE("a wait for a word can be cancelled at any moment") {
    for (const auto mask : masks) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            here.open_door();
            const std::atomic<std::uint32_t> word{0};
            auto wait = [&]() -> task<> {
                const auto woken = co_await futex_wait(here, word, 0);
                CHECK(woken.error() == std::errc::operation_canceled);
            };
            for (int round = 0; round < 20; ++round) {
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(wait);
                    for (int turns = round % 5; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
            }
        });
    }
}

TEST_CASE("waking tells how many were woken") {
    if (!ring(linux_ring(), ring_options()).has(feature::futex)) {
        return;  // a thread that comes back for a moment is not there to be woken
    }
    on_shard([](shard& here) -> task<> {
        const std::atomic<std::uint32_t> word{0};
        CHECK(futex_wake(here.calls(), word, 10) == 0U);
        auto wait = [&]() -> task<> { CHECK(co_await futex_wait(here, word, 0) == true); };
        auto body = [&](children& kids) -> task<> {
            kids.spawn(wait);
            kids.spawn(wait);
            unsigned woken = 0;
            while (woken == 0) {  // until the first is in the kernel
                static_cast<void>(co_await nop(here));
                woken = futex_wake(here.calls(), word, 1).value_or(0);
                CHECK(woken <= 1);
            }
            while (kids.running() > 1) {
                static_cast<void>(co_await nop(here));
                CHECK(futex_wake(here.calls(), word, 10).value_or(99) <= 1);
            }
        };
        co_await scope(body);
    });
}
