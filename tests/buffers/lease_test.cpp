#include "death.hpp"

#include <pelton/buffers/area_list.hpp>
#include <pelton/buffers/page_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>

using namespace pelton;
using namespace pelton::test;

namespace {

struct small_pool {
    arena memory{{.bytes = 64 * 4096}};
    page_pool pool{memory};

    lease take(std::size_t pages) {
        auto taken = pool.take(pages);
        REQUIRE(taken.has_value());
        return std::move(*taken);
    }
};

template <class Code>
ending ending_with(Code code) {
    return ending_of([&] {
        arena memory({.bytes = 8 * 4096});
        page_pool pool(memory);
        auto held = pool.take(4);
        code(*held);
    });
}

}  // namespace

TEST_CASE("a lease is one run of whole pages in its arena") {
    small_pool home;
    const auto held = home.take(5);
    CHECK(held);
    CHECK(held.pages() == 5);
    CHECK(held.size() == 5 * 4096);
    CHECK(home.memory.contains(held.data(), held.size()));
    CHECK(home.memory.offset_in_page(held.data()) == 0);
    CHECK(held.page(4) == area{held.data() + 4 * 4096, 4096});
    std::ranges::fill(held.bytes(), std::byte{7});
}

TEST_CASE("a lease becomes areas that stay good when it moves") {
    small_pool home;
    auto held = home.take(2);
    const areas view = held;
    const auto moved = std::move(held);
    CHECK(view.address() == moved.data());
    CHECK(view.bytes() == moved.size());
    CHECK(moved.skip(40).address() == moved.data() + 40);
    CHECK(moved.first(10).bytes() == 10);
    CHECK(moved.areas().skip(8000).bytes() == 192);
    static_assert(std::is_convertible_v<lease&, areas>);
    static_assert(!std::is_convertible_v<lease, areas>);
}

TEST_CASE("several leases gather into a list, neighbours as one area") {
    small_pool home;
    const auto first = home.take(1);
    const auto second = home.take(3);
    area_list list;
    list.append(first);
    list.append(second);
    CHECK(list.bytes() == 4 * 4096);
    CHECK(list.count() == (first.data() + 4096 == second.data() ? 1 : 2));
}

TEST_CASE("a lease that was moved from or released holds nothing") {
    small_pool home;
    auto held = home.take(2);
    auto other = std::move(held);
    CHECK_FALSE(held);
    CHECK(held.empty());
    CHECK(held.areas().empty());
    CHECK(home.pool.lent_pages() == 2);
    other.release();
    other.release();
    CHECK_FALSE(other);
    CHECK(other.pages() == 0);
    CHECK(home.pool.lent_pages() == 0);
    CHECK_FALSE(other.share());
    CHECK_FALSE(other.slice(0, 0));
}

TEST_CASE("assigning a lease sends home what was held before") {
    small_pool home;
    auto held = home.take(2);
    held = home.take(3);
    CHECK(home.pool.lent_pages() == 3);
    auto& same = held;
    held = std::move(same);
    CHECK(home.pool.lent_pages() == 3);
    CHECK(held.pages() == 3);
    held = lease();
    CHECK(home.pool.lent_pages() == 0);
}

TEST_CASE("shared pages go home with their last lease") {
    small_pool home;
    auto held = home.take(4);
    auto other = held.share();
    CHECK(other.data() == held.data());
    CHECK(other.pages() == 4);
    CHECK(home.pool.lent_pages() == 4);
    held.release();
    CHECK(home.pool.lent_pages() == 4);
    other.release();
    CHECK(home.pool.lent_pages() == 0);
}

TEST_CASE("a slice keeps its pages and lets the others around it go home") {
    small_pool home;
    auto held = home.take(10);
    auto* const start = held.data();
    const auto middle = held.slice(4, 2);
    const auto nothing = held.slice(10, 0);
    CHECK_FALSE(nothing);
    held.release();
    CHECK(home.pool.lent_pages() == 2);
    CHECK(middle.data() == start + 4 * 4096);
    CHECK(middle.size() == 2 * 4096);
    CHECK(home.pool.largest_run() == 58);
}

TEST_CASE("a narrowed lease shows fewer bytes and still holds its pages") {
    small_pool home;
    auto held = home.take(2);
    auto* const start = held.data();
    held.narrow(40, 100);
    CHECK(held.data() == start + 40);
    CHECK(held.size() == 100);
    CHECK(held.areas().bytes() == 100);
    CHECK(held.pages() == 2);
    CHECK(held.page(0) == area{start, 4096});
    const auto other = held.share();
    CHECK(other.data() == start + 40);
    CHECK(other.size() == 100);
    CHECK(held.slice(1, 1).data() == start + 4096);
    held.narrow(100, 0);
    CHECK(held.empty());
    CHECK(held);
    held.release();
    CHECK(home.pool.lent_pages() == 2);
}

TEST_CASE("what a lease does not hold cannot be sliced, shown or asked for") {
    CHECK(ending_with([](lease& held) { static_cast<void>(held.slice(2, 3)); }).text ==
          "pelton: slice() of more pages than a lease holds\n");
    CHECK(ending_with([](lease& held) { static_cast<void>(held.slice(5, 0)); }).signal == SIGABRT);
    CHECK(ending_with([](lease& held) { held.narrow(0, 4 * 4096 + 1); }).signal == SIGABRT);
    CHECK(ending_with([](lease& held) { held.narrow(SIZE_MAX, 1); }).signal == SIGABRT);
    CHECK(ending_with([](lease& held) { static_cast<void>(held.page(4)); }).signal == SIGABRT);
    CHECK(ending_with([](lease& held) { held.release(); }).signal == 0);
}
