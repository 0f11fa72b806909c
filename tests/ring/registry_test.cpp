#include <pelton/runtime/ring/registry.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace pelton;

namespace {

struct two_arenas {
    two_arenas() {
        known.set(0, {first.data(), first.size()});
        known.set(1, {second.data(), second.size()});
    }
    std::vector<std::byte> first{1'000};
    std::vector<std::byte> second{2'000};
    registry known;
};

}  // namespace

TEST_CASE("a range is found by any part of it, up to its edges and not beyond") {
    two_arenas here;
    CHECK(here.known.find(here.first.data(), 1'000) == 0);
    CHECK(here.known.find(here.first.data(), 1) == 0);
    CHECK(here.known.find(here.first.data() + 999, 1) == 0);
    CHECK(here.known.find(here.first.data() + 999, 2) == registry::none);
    CHECK(here.known.find(here.first.data() + 1, 1'000) == registry::none);
    CHECK(here.known.find(here.first.data(), SIZE_MAX) == registry::none);
    CHECK(here.known.find(here.second.data() + 1'999, 1) == 1);
    const std::byte elsewhere{};
    CHECK(here.known.find(&elsewhere, 1) == registry::none);
    CHECK(here.known.find(nullptr, 1) == registry::none);
}

TEST_CASE("no bytes at the end of a range are not in it") {
    two_arenas here;
    CHECK(here.known.find(here.first.data() + 500, 0) == 0);
    CHECK(here.known.find(here.first.data() + 1'000, 0) == registry::none);
}

TEST_CASE("a vector is found when all of it lies in one range") {
    two_arenas here;
    std::array<area, 3> entries{area{here.second.data(), 100},
                                area{here.second.data() + 1'900, 100},
                                area{here.second.data() + 7, 1}};
    CHECK(here.known.find_all(entries.data(), 3) == 1);
    entries[1].length = 101;
    CHECK(here.known.find_all(entries.data(), 3) == registry::none);
    CHECK(here.known.find_all(entries.data(), 1) == 1);
}

TEST_CASE("a vector over two ranges is in neither") {
    two_arenas here;
    const std::array<area, 2> entries{area{here.first.data(), 10}, area{here.second.data(), 10}};
    CHECK(here.known.find_all(entries.data(), 2) == registry::none);
    const std::array<area, 2> other{area{here.second.data(), 10}, area{here.first.data(), 10}};
    CHECK(here.known.find_all(other.data(), 2) == registry::none);
}

TEST_CASE("a vector with an empty entry is in no range: the kernel refuses it") {
    two_arenas here;
    for (std::size_t empty = 0; empty < 3; ++empty) {
        std::array<area, 3> entries{area{here.first.data(), 10}, area{here.first.data() + 10, 10},
                                    area{here.first.data() + 20, 10}};
        entries[empty].length = 0;
        CHECK(here.known.find_all(entries.data(), 3) == registry::none);
    }
}

TEST_CASE("a vector of entries so long that their sums wrap is in no range") {
    two_arenas here;
    const std::array<area, 2> entries{area{here.first.data(), 10},
                                      area{here.first.data() + 10, SIZE_MAX - 5}};
    CHECK(here.known.find_all(entries.data(), 2) == registry::none);
}

TEST_CASE("a free slot is the lowest one, and a freed range is found no more") {
    two_arenas here;
    CHECK(here.known.free_slot() == 2);
    here.known.set(0, {});
    CHECK(here.known.find(here.first.data(), 1) == registry::none);
    CHECK(here.known.find(here.second.data(), 1) == 1);
    CHECK(here.known.free_slot() == 0);
    here.known.set(1, {});
    CHECK(here.known.find(here.second.data(), 1) == registry::none);
    here.known.set(5, {here.first.data(), 10});
    CHECK(here.known.find(here.first.data(), 10) == 5);
    CHECK(here.known.free_slot() == 0);
}

TEST_CASE("when every slot is taken none is free") {
    std::vector<std::byte> memory(registry::slots);
    registry known;
    for (unsigned i = 0; i < registry::slots; ++i) {
        known.set(i, {&memory[i], 1});
    }
    CHECK(known.free_slot() == registry::none);
    CHECK(known.find(&memory.back(), 1) == static_cast<int>(registry::slots - 1));
}
