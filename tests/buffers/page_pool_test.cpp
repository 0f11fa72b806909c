#include "areas_model.hpp"
#include "death.hpp"

#include <pelton/buffers/page_pool.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace pelton;
using namespace pelton::test;

namespace {

// A pool and what must be true of it: how many leases hold each page.
class checked_pool {
public:
    explicit checked_pool(std::size_t pages) : memory_({.bytes = pages * 4096}), holders_(pages) {}

    void take(std::size_t pages) {
        auto taken = pool_.take(pages);
        REQUIRE(taken.has_value() == (pages <= longest_free()));
        if (!taken) {
            REQUIRE(taken.error() == std::errc::no_buffer_space);
            return;
        }
        REQUIRE(taken->pages() == pages);
        for (auto page = first_page(*taken); page < first_page(*taken) + pages; ++page) {
            REQUIRE(holders_[page] == 0);
        }
        hold(std::move(*taken));
    }
    void share(random_source& random) { hold(held_[random.below(held_.size())].share()); }
    void slice(random_source& random) {
        const auto& whole = held_[random.below(held_.size())];
        const auto first = random.below(whole.pages());
        hold(whole.slice(first, random.between(1, whole.pages() - first)));
    }
    void release(std::size_t index) {
        count(held_[index], -1);
        std::swap(held_[index], held_.back());
        held_.pop_back();
    }

    void check_counts() {
        const auto free = static_cast<std::size_t>(std::ranges::count(holders_, 0));
        REQUIRE(pool_.free_pages() == free);
        REQUIRE(pool_.lent_pages() == holders_.size() - free);
        REQUIRE(pool_.largest_run() == longest_free());
        const auto expected =
            free == 0 ? 0 : 1 - static_cast<double>(longest_free()) / static_cast<double>(free);
        REQUIRE(pool_.fragmentation() == expected);
    }

    std::size_t held() const { return held_.size(); }
    page_pool& pool() { return pool_; }

private:
    std::size_t first_page(const lease& of) const { return memory_.page_of(of.data()); }
    void hold(lease next) {
        count(next, 1);
        held_.push_back(std::move(next));
    }
    void count(const lease& of, int change) {
        for (auto page = first_page(of); page < first_page(of) + of.pages(); ++page) {
            holders_[page] += change;
        }
    }
    std::size_t longest_free() const {
        std::size_t longest = 0;
        std::size_t run = 0;
        for (const auto each : holders_) {
            run = each == 0 ? run + 1 : 0;
            longest = std::max(longest, run);
        }
        return longest;
    }

    arena memory_;
    page_pool pool_{memory_};
    std::vector<int> holders_;
    std::vector<lease> held_;
};

void count_call(void* context) noexcept {
    ++*static_cast<int*>(context);
}

}  // namespace

TEST_CASE("any order of takes, shares, slices and returns agrees with a model of the pages") {
    for (const std::size_t pages : {1u, 7u, 64u, 1000u}) {
        auto random = random_source(pages);
        checked_pool checked(pages);
        double worst = 0;
        for (int step = 0; step < 4000; ++step) {
            const auto choice = random.below(10);
            if (choice < 5 || checked.held() == 0) {
                checked.take(random.between(1, random.one_in(10) ? pages : pages / 16 + 1));
            } else if (choice == 5) {
                checked.share(random);
            } else if (choice == 6) {
                checked.slice(random);
            } else {
                checked.release(random.below(checked.held()));
            }
            checked.check_counts();
            worst = std::max(worst, checked.pool().fragmentation());
        }
        MESSAGE(pages << " pages, " << checked.held() << " leases: fragmentation now "
                      << checked.pool().fragmentation() << ", at worst " << worst);
        while (checked.held() > 0) {
            checked.release(random.below(checked.held()));
        }
        CHECK(checked.pool().largest_run() == pages);
        CHECK(checked.pool().fragmentation() == 0);
    }
}

TEST_CASE("an exhausted pool answers with a value and lends again when pages are home") {
    arena memory({.bytes = 16 * 4096});
    page_pool pool(memory);
    auto all = pool.take(16);
    REQUIRE(all.has_value());
    CHECK(pool.take(1).error() == std::errc::no_buffer_space);
    CHECK(pool.fragmentation() == 0);
    all->release();
    CHECK(pool.take(16).has_value());
}

TEST_CASE("a fragmented pool refuses the run it cannot make, not the one it can") {
    arena memory({.bytes = 20 * 4096});
    page_pool pool(memory);
    auto all = pool.take(20);
    REQUIRE(all.has_value());
    const auto wall = all->slice(9, 1);
    all->release();
    CHECK(pool.free_pages() == 19);
    CHECK(pool.largest_run() == 10);
    CHECK(pool.take(11).error() == std::errc::no_buffer_space);
    // Both runs are in reach: 9 pages are in the class of 9, 10 in that of 10.
    const auto ten = pool.take(10);
    const auto nine = pool.take(9);
    CHECK(ten.has_value());
    CHECK(nine.has_value());
}

TEST_CASE("a run is found among shorter ones of its own size class") {
    arena memory({.bytes = 64 * 4096});
    page_pool pool(memory);
    auto all = pool.take(64);
    REQUIRE(all.has_value());
    // Free runs of 17 and then of 16 pages, which are one class, and no longer one.
    const auto low = all->slice(17, 1);
    const auto high = all->slice(34, 30);
    auto shorter = all->slice(18, 16);
    all->release();
    shorter.release();
    REQUIRE(pool.largest_run() == 17);
    CHECK(pool.take(17).has_value());
}

TEST_CASE("requests that no state of the pool could serve are other errors") {
    arena memory({.bytes = 4 * 4096});
    page_pool pool(memory);
    CHECK(pool.take(0).error() == std::errc::invalid_argument);
    CHECK(pool.take(5).error() == std::errc::value_too_large);
    CHECK(pool.take(SIZE_MAX).error() == std::errc::value_too_large);
    CHECK(pool.free_pages() == 4);
}

TEST_CASE("the pages of the largest arena are one run") {
    arena memory({.bytes = arena::bytes_max});
    page_pool pool(memory);
    CHECK(pool.largest_run() == 262144);
    const auto all = pool.take(262144);
    CHECK(all.has_value());
    CHECK(pool.free_pages() == 0);
}

TEST_CASE("pages that come home on the pool's thread call the home hook once and no wake hook") {
    arena memory({.bytes = 16 * 4096});
    page_pool pool(memory);
    int homes = 0;
    int wakes = 0;
    pool.set_home_hook(count_call, &homes);
    pool.set_wake_hook(count_call, &wakes);
    auto all = pool.take(16);
    REQUIRE(all.has_value());
    auto wall = all->slice(4, 1);
    all->release();
    CHECK(homes == 1);
    auto other = wall.share();
    wall.release();
    CHECK(homes == 1);
    other.release();
    CHECK(homes == 2);
    CHECK(wakes == 0);
}

TEST_CASE("an arena may have another pool when the first is gone") {
    arena memory({.bytes = 4 * 4096});
    for (int round = 0; round < 2; ++round) {
        page_pool pool(memory);
        const auto held = pool.take(3);
        CHECK(held.has_value());
    }
}

TEST_CASE("a lease that outlives its pool ends the process and says how many pages are out") {
    const auto end = ending_of([] {
        arena memory({.bytes = 16 * 4096});
        lease survivor;
        page_pool pool(memory);
        survivor = *pool.take(3);
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text ==
          "pelton: a page_pool was destroyed while 3 of its 16 pages are lent: "
          "leases must end before their pool\n");
}

TEST_CASE("two pools on one arena, or an arena gone before its pool, end the process") {
    const auto two = ending_of([] {
        arena memory({.bytes = 4096});
        const page_pool first(memory);
        const page_pool second(memory);
    });
    CHECK(two.text == "pelton: an arena has one page_pool at most\n");
    const auto gone = ending_of([] {
        auto memory = std::make_unique<arena>(arena_options{.bytes = 4096});
        const page_pool pool(*memory);
        memory.reset();
    });
    CHECK(gone.signal == SIGABRT);
    CHECK(gone.text == "pelton: an arena was destroyed before the page_pool that lends it\n");
}
