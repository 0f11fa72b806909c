#include "areas_model.hpp"

#include <pelton/buffers/area_cursor.hpp>

#include <doctest/doctest.h>

using namespace pelton;
using namespace pelton::test;

namespace {

void walk_at_random(random_source& random, const areas& view, const window& model) {
    area_cursor cursor(view);
    std::size_t done = 0;
    for (int step = 0; step < 40; ++step) {
        const auto n = random.below(random.one_in(3) ? view.bytes() + 2 : view.bytes() / 16 + 2);
        switch (random.below(3)) {
            case 0:
                cursor.advance(n);
                done += std::min(n, model.bytes() - done);
                break;
            case 1:
                cursor.rewind(n);
                done -= std::min(n, done);
                break;
            default:
                check_same(cursor.split(n), model.skip(done).first(n));
                done += std::min(n, model.bytes() - done);
        }
        REQUIRE(cursor.done() == done);
        REQUIRE(cursor.left() == model.bytes() - done);
        check_same(cursor.rest(), model.skip(done));
    }
}

}  // namespace

TEST_CASE("any walk of a cursor agrees with a model of the bytes, and writes no entry") {
    auto random = random_source(1999);
    for (int round = 0; round < 300; ++round) {
        const auto count = random.between(1, random.one_in(8) ? 1024 : 10);
        auto entries = virtual_entries(random, count, random.one_in(2) ? 1 << 20 : 6);
        for (auto& each : entries) {
            each.length = random.one_in(5) ? 0 : each.length;
        }
        const auto copy = entries;
        const areas all = std::span(entries);
        const auto before = random.below(all.bytes() / 4 + 1);
        const auto length = random.below(all.bytes() + 1);
        walk_at_random(random, all.skip(before).first(length),
                       window(entries).skip(before).first(length));
        REQUIRE(entries == copy);
    }
}

TEST_CASE("a cursor walks a span of bytes without an array") {
    auto random = random_source(3);
    const area range{virtual_address(4096), 1000};
    for (int round = 0; round < 50; ++round) {
        walk_at_random(random, std::span(range.start, range.length), window({&range, 1}));
    }
}

TEST_CASE("a short transfer resumes where it stopped and pieces share the array") {
    auto random = random_source(11);
    const auto entries = virtual_entries(random, 6, 50);
    const areas view = std::span(entries);
    area_cursor cursor(view);
    std::vector<area> pieces;
    while (cursor.left() > 0) {
        const auto wanted = cursor.split(40);
        const auto transferred = random.between(1, wanted.bytes());
        cursor.rewind(wanted.bytes() - transferred);
        for (const auto part : wanted.first(transferred)) {
            if (!pieces.empty() && pieces.back().start + pieces.back().length == part.start) {
                pieces.back().length += part.length;
            } else {
                pieces.push_back(part);
            }
        }
    }
    CHECK(pieces == entries);
    cursor.rewind(view.bytes());
    CHECK(cursor.rest().whole());
}

TEST_CASE("a cursor at the end has nothing left and comes back whole") {
    auto random = random_source(12);
    const auto entries = virtual_entries(random, 5, 9);
    area_cursor cursor{areas(std::span(entries))};
    cursor.advance(SIZE_MAX);
    CHECK(cursor.left() == 0);
    CHECK(cursor.rest().empty());
    CHECK(cursor.split(1).empty());
    cursor.rewind(1);
    CHECK(cursor.rest().address() == entries[4].start + entries[4].length - 1);
    cursor.rewind(SIZE_MAX);
    CHECK(cursor.done() == 0);
    CHECK(cursor.rest().array() == entries.data());
}
