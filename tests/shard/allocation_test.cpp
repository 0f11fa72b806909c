// What costs no heap once it is warm. Replaces operator new for this test program.
#include "counted_new.hpp"
#include "fixture.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/frame_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace pelton;
using namespace pelton::test;

namespace {

// What `round` allocates on this thread when it has run before.
template <class Round>
void check_allocates_nothing(Round round) {
    if (!counts_new) {
        pelton_test::skip("ThreadSanitizer's operator new cannot be counted");
        return;
    }
    if (!frame_pool::keeps_frames()) {
        pelton_test::skip("under AddressSanitizer no frame is kept");
        return;
    }
    auto with = tiny();
    with.blocking_threads_max = 1;  // a second thread would start whenever the first is slow
    on_shard(with, [&](shard& here) -> task<> {
        co_await round(here, 100);
        const auto before = allocations;
        co_await round(here, 100'000);
        const auto allocated = allocations - before;
        CHECK(allocated == 0);
    });
}

}  // namespace

TEST_CASE("100,000 nops allocate nothing") {
    check_allocates_nothing([](shard& here, int count) -> task<> {
        for (int i = 0; i < count; ++i) {
            static_cast<void>(co_await nop(here));
        }
    });
}

TEST_CASE("100,000 sleeps of no time, and as many yields, allocate nothing") {
    check_allocates_nothing([](shard&, int count) -> task<> {
        for (int i = 0; i < count; ++i) {
            static_cast<void>(co_await sleep(std::chrono::nanoseconds(0)));
            static_cast<void>(co_await yield());
        }
    });
}

TEST_CASE("10,000 takings of pages allocate nothing") {
    check_allocates_nothing([](shard& here, int count) -> task<> {
        for (int i = 0; i < count / 10; ++i) {
            static_cast<void>(co_await here.pages().take(1 + static_cast<std::size_t>(i) % 16));
        }
    });
}

TEST_CASE("10,000 offloaded calls allocate nothing on the shard's thread") {
    check_allocates_nothing([](shard& here, int count) -> task<> {
        for (int i = 0; i < count / 10; ++i) {
            static_cast<void>(co_await offload(here, [] { return 1; }));
        }
    });
}

TEST_CASE("10,000 scopes of two tasks with sleeps allocate nothing") {
    check_allocates_nothing([](shard&, int count) -> task<> {
        auto rest = []() -> task<> {
            static_cast<void>(co_await sleep(std::chrono::nanoseconds(1)));
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(rest);
            kids.spawn(rest);
            co_return;
        };
        for (int i = 0; i < count / 10; ++i) {
            co_await scope(family);
        }
    });
}

TEST_CASE("10,000 cancelled reads allocate nothing") {
    check_allocates_nothing([](shard& here, int count) -> task<> {
        const pipe_ends silent;
        auto read = [&]() -> task<> {
            static_cast<void>(co_await pipe_read(here, silent.reader()));
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(read);
            static_cast<void>(co_await nop(here));
            kids.request_stop();
        };
        for (int i = 0; i < count / 10; ++i) {
            co_await scope(family);
        }
    });
}

TEST_CASE("100,000 nops under deadlines, and 10,000 deadlines that pass, allocate nothing") {
    check_allocates_nothing([](shard& here, int count) -> task<> {
        const pipe_ends silent;
        for (int i = 0; i < count; ++i) {
            static_cast<void>(co_await with_timeout(std::chrono::seconds(30), nop(here)));
            if (i % 10 == 0) {
                static_cast<void>(co_await with_timeout(std::chrono::nanoseconds(0),
                                                        pipe_read(here, silent.reader())));
            }
        }
    });
}
