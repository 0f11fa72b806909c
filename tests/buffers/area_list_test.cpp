#include "areas_model.hpp"

#include <pelton/buffers/area_list.hpp>

#include <doctest/doctest.h>

using namespace pelton;
using namespace pelton::test;

namespace {

// Appends to the list and to a plain vector that merges in the most obvious way.
void append_both(area_list& list, std::vector<area>& model, area next) {
    list.append(next);
    if (next.length == 0) {
        return;
    }
    if (!model.empty() && model.back().start + model.back().length == next.start) {
        model.back().length += next.length;
    } else {
        model.push_back(next);
    }
}

area_list filled(std::span<const area> entries) {
    area_list list;
    list.append(std::span(entries));
    return list;
}

}  // namespace

TEST_CASE("a list of any areas holds them merged and knows its bytes") {
    auto random = random_source(42);
    for (int round = 0; round < 300; ++round) {
        area_list list;
        std::vector<area> model;
        auto entries = virtual_entries(random, random.between(1, 200), 1 << 20);
        std::uintptr_t at = 4096;
        for (auto& each : entries) {
            each.start = virtual_address(at += random.one_in(2) ? 0 : 4096);
            each.length = random.one_in(4) ? 0 : each.length;
            at += each.length;
            append_both(list, model, each);
        }
        const areas view = list;
        REQUIRE(list.count() == model.size());
        REQUIRE(list.bytes() == window(model).bytes());
        REQUIRE((view.whole() || list.empty()));
        check_same(view, window(model));
    }
}

TEST_CASE("areas appended backwards do not merge") {
    area_list list;
    list.append(area{virtual_address(8192), 4096});
    list.append(area{virtual_address(4096), 4096});
    CHECK(list.count() == 2);
}

TEST_CASE("a view appended to a list adds what it shows and no more") {
    auto random = random_source(8);
    const auto entries = virtual_entries(random, 30, 100);
    const areas view = std::span(entries);
    area_list list;
    list.append(view.skip(20).first(500));
    check_same(list, window(entries).skip(20).first(500));
    list.append(view.skip(520).first(1));
    check_same(list, window(entries).skip(20).first(501));
}

TEST_CASE("a copied or moved list views its own storage, inline or not") {
    auto random = random_source(9);
    for (const std::size_t count : {0u, 1u, 16u, 17u, 100u}) {
        const auto entries = virtual_entries(random, count, 100);
        auto list = filled(entries);
        area_list copy = list;
        const area_list moved = std::move(list);
        check_same(copy, window(entries));
        check_same(moved, window(entries));
        CHECK((count == 0 || areas(copy).array() != areas(moved).array()));
        list.clear();
        list.append(area{virtual_address(4096), 1});
        CHECK(list.count() == 1);
        copy = std::move(list);
        CHECK(copy.bytes() == 1);
        copy = moved;
        check_same(copy, window(entries));
    }
}

TEST_CASE("a cleared list starts again") {
    auto random = random_source(10);
    auto list = filled(virtual_entries(random, 40, 10));
    list.clear();
    CHECK(list.empty());
    CHECK(areas(list).empty());
    const auto entries = virtual_entries(random, 20, 10);
    list.append(std::span(entries));
    check_same(list, window(entries));
}
