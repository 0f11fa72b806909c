// Replaces operator new for the whole test program, in order to count. Not under ThreadSanitizer,
// whose own operator new cannot be replaced: these tests are skipped there.
#include "sanitizer.hpp"
#include "skip.hpp"

#include <pelton/buffers/area_list.hpp>
#include <pelton/buffers/page_pool.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <thread>

namespace {

// Per thread, so that starting the threads of a test does not count.
thread_local std::size_t allocations = 0;

}  // namespace

#if !PELTON_THREAD_SANITIZER
void* operator new(std::size_t bytes) {
    ++allocations;
    if (auto* const memory = std::malloc(bytes > 0 ? bytes : 1)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif

using namespace pelton;

TEST_CASE("a pool allocates nothing after construction, on any thread") {
    if (PELTON_THREAD_SANITIZER) {
        pelton_test::skip("ThreadSanitizer's own operator new cannot be counted");
        return;
    }
    arena memory({.bytes = 64 * 4096});
    page_pool pool(memory);
    std::array<lease, 8> held;
    std::size_t here = 0;
    std::size_t elsewhere = 0;
    for (int round = 0; round < 20; ++round) {
        const auto before = allocations;
        for (std::size_t i = 0; i < held.size(); ++i) {
            auto taken = pool.take(i + 1);
            const auto shared = taken ? taken->share() : lease();
            held[i] = shared.slice(0, i / 2 + 1);
        }
        static_cast<void>(pool.take(65));
        static_cast<void>(pool.take(64));
        held[3].release();
        here += allocations - before;
        std::jthread([&] {
            const auto start = allocations;
            for (auto& each : held) {
                each.release();
            }
            elsewhere += allocations - start;
        }).join();
        const auto collecting = allocations;
        pool.collect();
        here += allocations - collecting;
    }
    CHECK(here == 0);
    CHECK(elsewhere == 0);
    CHECK(pool.largest_run() == 64);
}

TEST_CASE("a list allocates only for more than 16 areas that do not merge, and keeps its room") {
    if (PELTON_THREAD_SANITIZER) {
        pelton_test::skip("ThreadSanitizer's own operator new cannot be counted");
        return;
    }
    std::array<std::byte, 128> bytes{};
    const auto before = allocations;
    area_list list;
    for (std::size_t i = 0; i < area_list::inline_count; ++i) {
        list.append(area{bytes.data() + 2 * i, 1});
    }
    for (std::size_t i = 31; i < 64; ++i) {
        list.append(area{bytes.data() + i, 1});
    }
    CHECK(list.count() == area_list::inline_count);
    const auto within = allocations;
    list.append(area{bytes.data() + 100, 1});
    const auto beyond = allocations;
    list.clear();
    for (std::size_t i = 0; i < 17; ++i) {
        list.append(area{bytes.data() + 2 * i, 1});
    }
    const auto again = allocations;
    CHECK(within == before);
    CHECK(beyond == within + 1);
    CHECK(again == beyond);
}
