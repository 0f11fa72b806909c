// Who holds pages while others wait for them, and what is said when nobody can go on.
#include "fixture.hpp"

#include <pelton/runtime/shard/with_timeout.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t all_pages = 16;  // of tiny()

}  // namespace

TEST_CASE("two tasks that each hold half of the pool and want more are told as a deadlock") {
    const auto end = ending_of([] {
        run(tiny(), [](shard& here) -> task<> {
            auto half_and_more = [&here](std::size_t more) -> task<> {
                const auto mine = co_await here.pages().take(all_pages / 2);
                static_cast<void>(co_await yield());
                static_cast<void>(co_await here.pages().take(more));
            };
            auto family = [&](children& kids) -> task<> {
                kids.spawn([&] { return half_and_more(3); }, "left");
                kids.spawn([&] { return half_and_more(5); }, "right");
                co_return;
            };
            co_await scope(family);
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "wait for 3 pages while it holds 8 of 16"));
    CHECK(says(end.text, "wait for 5 pages while it holds 8 of 16"));
    CHECK(says(end.text, "left 0x"));
    CHECK(says(end.text, "right 0x"));
    CHECK(says(end.text, "raise options.page_bytes"));
}

TEST_CASE("pages that were given back, or taken under a deadline, are accounted to their task") {
    on_shard([](shard& here) -> task<> {
        const auto& mine = co_await current_strand();
        auto held = co_await with_timeout(std::chrono::hours(1), here.pages().take(6));
        CHECK(here.pages().pages_of(mine) == 6);
        auto part = held->slice(1, 2);
        held->release();
        CHECK(here.pages().pages_of(mine) == 2);
        part.release();
        CHECK(here.pages().pages_of(mine) == 0);
        const auto foreign = here.pages().take_now(3);
        CHECK(foreign);
    });
}
