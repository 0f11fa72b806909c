// What costs no heap once it is warm. Replaces operator new for this test program.
#include "counted_new.hpp"
#include "shard/several.hpp"
#include "skip.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/shard/post.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/frame_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <latch>
#include <thread>

using namespace pelton;
using namespace pelton::test;

namespace {

// Whether what this file counts can be counted; says why not.
bool countable() {
    if (!counts_new) {
        pelton_test::skip("ThreadSanitizer's operator new cannot be counted");
        return false;
    }
    if (!frame_pool::keeps_frames()) {
        pelton_test::skip("under AddressSanitizer no frame is kept");
        return false;
    }
    return true;
}

// What `round` allocates on this thread when it has run before.
template <class Round>
void check_allocates_nothing(Round round) {
    if (!countable()) {
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

TEST_CASE("100,000 calls of another shard allocate nothing on either") {
    if (!countable()) {
        return;
    }
    on_shard(several(2), [](shard& here) -> task<> {
        auto& there = here.peer(1);
        auto add = [](int to) -> task<int> { co_return to + 1; };
        auto count = []() -> task<std::size_t> { co_return allocations; };
        int sum = 0;
        auto call = [&]() -> task<int> { return add(sum); };
        auto round = [&](int calls) -> task<> {
            for (int i = 0; i < calls; ++i) {
                sum = co_await on(there, call);
            }
        };
        co_await round(100);
        const auto before_there = co_await on(there, count);
        const auto before_here = allocations;
        co_await round(100'000);
        const auto allocated_here = allocations - before_here;
        const auto allocated_there = co_await on(there, count) - before_there;
        CHECK(sum == 100'100);
        CHECK(allocated_here == 0);
        CHECK(allocated_there == 0);
    });
}

TEST_CASE("100,000 posts allocate nothing, neither where they come from nor where they run") {
    if (!countable()) {
        return;
    }
    on_shard(several(2), [](shard& here) -> task<> {
        const auto where = here.peer(1).address();
        std::size_t ran = 0;
        std::size_t allocated_here = 0;
        std::size_t allocated_there = 0;
        auto count = [] { return allocations; };
        auto post_all = [&] {
            auto round = [&](int batches) {
                for (int i = 0; i < batches; ++i) {
                    for (int k = 0; k < 100; ++k) {
                        CHECK(post(where, [&ran] { ++ran; }));
                    }
                    CHECK(post_and_wait(where, count));  // has all of them end
                }
            };
            // Warm for the worst: a whole batch, the one that waits for it included, lies there
            // before the first of it begins.
            std::latch begun(1);
            std::latch all_posted(1);
            CHECK(post(where, [&] {
                begun.count_down();
                all_posted.wait();
            }));
            begun.wait();
            for (int k = 0; k < 101; ++k) {
                CHECK(post(where, [&ran] { ++ran; }));
            }
            all_posted.count_down();
            round(1);
            const auto before_there = post_and_wait(where, count).value();
            const auto before_here = allocations;
            round(1'000);
            allocated_here = allocations - before_here;
            allocated_there = post_and_wait(where, count).value() - before_there;
        };
        auto on_thread = [&]() -> void { std::thread(post_all).join(); };
        co_await offload(here, on_thread);
        CHECK(ran == 100'201);
        CHECK(allocated_here == 0);
        CHECK(allocated_there == 0);
    });
}
