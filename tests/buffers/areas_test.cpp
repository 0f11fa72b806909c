#include "areas_model.hpp"

#include <pelton/buffers/areas.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string_view>

using namespace pelton;
using namespace pelton::test;

namespace {

std::vector<area> random_array(random_source& random) {
    const auto large = random.one_in(8);
    const auto count = random.between(1, large ? 1024 : 12);
    auto entries = virtual_entries(random, count, random.one_in(2) ? 1 << 20 : 9);
    if (random.one_in(3)) {
        for (auto& each : entries) {
            each.length = random.one_in(3) ? 0 : each.length;
        }
    }
    return entries;
}

// A cut that likes the places where off-by-one errors live: the edges of entries.
std::size_t random_cut(random_source& random, const areas& view) {
    if (random.one_in(2)) {
        return random.below(view.bytes() + 3);
    }
    const auto parts = listed(view);
    std::size_t edge = 0;
    for (std::size_t i = 0, n = random.below(parts.size() + 1); i < n; ++i) {
        edge += parts[i].length;
    }
    const auto nudge = random.below(3);
    return edge + nudge > 0 ? edge + nudge - 1 : 0;
}

}  // namespace

TEST_CASE("a view costs 32 bytes and an area has the layout of struct iovec") {
    CHECK(sizeof(areas) == 32);
    CHECK(std::is_trivially_copyable_v<areas>);
    std::array<std::byte, 8> bytes{};
    std::array<area, 2> entries{{{bytes.data(), 3}, {bytes.data() + 5, 2}}};
    std::array<iovec, 2> vectors{};
    static_assert(sizeof(entries) == sizeof(vectors));
    std::copy_n(reinterpret_cast<std::byte*>(entries.data()), sizeof(entries),
                reinterpret_cast<std::byte*>(vectors.data()));
    CHECK(vectors[1].iov_base == bytes.data() + 5);
    CHECK(vectors[1].iov_len == 2);
}

TEST_CASE("a view of nothing is empty, contiguous and has no areas") {
    for (const auto& view : {areas(), areas(std::span<const area>()), areas(area{})}) {
        CHECK(view.empty());
        CHECK(view.count() == 0);
        CHECK(view.contiguous());
        CHECK_FALSE(view.whole());
        CHECK(view.begin() == view.end());
        CHECK(view.skip(1).empty());
        CHECK(view.first(1).empty());
        CHECK(lowered(view).empty());
    }
}

TEST_CASE("a span of bytes needs no array, whatever is cut from it") {
    std::array<std::byte, 10> bytes{};
    const areas view = std::span(bytes);
    CHECK(view.array() == nullptr);
    CHECK(view.count() == 1);
    CHECK(view.address() == bytes.data());
    CHECK(view.skip(3).first(4).address() == bytes.data() + 3);
    CHECK(view.skip(3).first(4).bytes() == 4);
    CHECK(listed(view.skip(3).first(4)) == std::vector<area>{{bytes.data() + 3, 4}});
    CHECK(view.skip(10).empty());
    CHECK_FALSE(view.whole());
}

TEST_CASE("one area is read in place, a temporary one is not pointed at") {
    std::array<std::byte, 10> bytes{};
    const area one{bytes.data(), 10};
    const areas view = one;
    CHECK(view.array() == &one);
    CHECK(view.whole());
    CHECK(view.skip(2).address() == bytes.data() + 2);
    CHECK(view.skip(2).skipped() == 2);
    CHECK_FALSE(view.skip(2).whole());
    CHECK_FALSE(view.first(9).whole());
    const areas of_temporary = area{bytes.data(), 10};
    CHECK(of_temporary.array() == nullptr);
    CHECK(of_temporary.address() == bytes.data());
}

TEST_CASE("constant memory becomes a view only for writing it out") {
    const std::string_view text = "pelton";
    CHECK(areas::for_write(text).address() == reinterpret_cast<const std::byte*>(text.data()));
    CHECK(areas::for_write(text).bytes() == 6);
    static_assert(!std::is_convertible_v<std::span<const std::byte>, areas>);
    static_assert(!std::is_convertible_v<std::string_view, areas>);
}

TEST_CASE("a whole view is the caller's own array, less empty entries at its ends") {
    std::array<std::byte, 10> bytes{};
    const area empty{bytes.data(), 0};
    const std::array<area, 4> entries{{empty, {bytes.data(), 4}, {bytes.data() + 6, 4}, empty}};
    const areas view = std::span(entries);
    CHECK(view.whole());
    CHECK(view.array() == &entries[1]);
    CHECK(view.count() == 2);
}

TEST_CASE("an empty entry in the middle makes a view one that must be lowered") {
    std::array<std::byte, 10> bytes{};
    const std::array<area, 3> entries{
        {{bytes.data(), 4}, {bytes.data(), 0}, {bytes.data() + 6, 4}}};
    const areas view = std::span(entries);
    CHECK_FALSE(view.whole());
    CHECK(lowered(view) == std::vector<area>{entries[0], entries[2]});
    CHECK(view.first(4).whole());
    CHECK(view.skip(4).whole());
}

TEST_CASE("lowering into too little scratch gives the beginning of the view") {
    auto random = random_source(5);
    const auto entries = virtual_entries(random, 9, 100);
    const areas view = std::span(entries);
    std::array<area, 4> scratch{};
    CHECK(view.skip(1).lower(scratch) == 4);
    CHECK(scratch[0] == area{entries[0].start + 1, entries[0].length - 1});
    CHECK(scratch[3] == entries[3]);
    CHECK(view.lower(std::span<area>()) == 0);
}

TEST_CASE("a cut of 4 GiB and more is still exact") {
    constexpr std::size_t giant = std::size_t{1} << 40;
    const std::array<area, 3> entries{{{virtual_address(1 << 20), 7},
                                       {virtual_address(giant), giant},
                                       {virtual_address(4 * giant), giant}}};
    const areas view = std::span(entries);
    const window model{entries};
    for (const auto n : {giant, giant + 7, giant + 8, 2 * giant, 2 * giant + 6}) {
        check_same(view.first(n), model.first(n));
        check_same(view.first(n).first(n - 1), model.first(n - 1));
        check_same(view.first(n).skip(n - 1), model.first(n).skip(n - 1));
        check_same(view.first(n).skip(7).first(giant), model.first(n).skip(7).first(giant));
    }
}

TEST_CASE("any chain of skip and first on any array agrees with a model of its bytes") {
    auto random = random_source(20010204);
    for (int round = 0; round < 600; ++round) {
        const auto entries = random_array(random);
        const auto copy = entries;
        areas view = std::span(entries);
        window model(entries);
        check_same(view, model);
        for (int step = 0; step < 12 && !view.empty(); ++step) {
            const auto n = random_cut(random, view);
            const auto front = random.one_in(2);
            // Mostly a thin slice, or every chain would be empty after a few steps.
            const auto cut = random.one_in(2) ? n : n / 8;
            view = front ? view.skip(cut) : view.first(view.bytes() - std::min(cut, view.bytes()));
            model =
                front ? model.skip(cut) : model.first(model.bytes() - std::min(cut, model.bytes()));
            check_same(view, model);
        }
        REQUIRE(entries == copy);
    }
}

TEST_CASE("a view writes and reads exactly the bytes it shows") {
    auto random = random_source(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::byte> memory(512, std::byte{0});
        std::vector<area> entries;
        std::vector<std::size_t> places;
        for (std::size_t at = random.below(9); at < 480;) {
            const auto length = random.between(0, 30);
            entries.push_back({memory.data() + at, length});
            for (std::size_t i = 0; i < length; ++i) {
                places.push_back(at + i);
            }
            at += length + random.below(9);
        }
        const areas all = std::span(entries);
        const auto begin = random.below(all.bytes());
        const auto length = random.below(all.bytes() - begin + 1);
        for (const auto part : all.skip(begin).first(length)) {
            std::fill_n(part.start, part.length, std::byte{1});
        }
        std::vector<std::byte> expected(512, std::byte{0});
        for (std::size_t i = begin; i < begin + length; ++i) {
            expected[places[i]] = std::byte{1};
        }
        REQUIRE(memory == expected);
    }
}
