// What areas, cursors and lists are checked against: every byte in view as one element.
//
// Virtual entries have addresses that nothing may touch, so that a property can be tried on a
// gigabyte of areas. Their bytes are numbered by where they stand in the array.
#pragma once

#include <pelton/buffers/areas.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace pelton::test {

class random_source {
public:
    explicit random_source(std::uint64_t seed) : engine_(seed) {}

    // From 0 to below, or 0.
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
    std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
    bool one_in(std::size_t n) { return below(n) == 0; }

private:
    std::mt19937_64 engine_;
};

// An address with no memory behind it.
inline std::byte* virtual_address(std::uintptr_t at) {
    return reinterpret_cast<std::byte*>(at);
}

// Entries of 1 to length_max bytes with a hole before each, so that none touch.
inline std::vector<area> virtual_entries(random_source& random, std::size_t count,
                                         std::size_t length_max) {
    std::vector<area> entries;
    std::uintptr_t at = std::uintptr_t{1} << 32;
    for (std::size_t i = 0; i < count; ++i) {
        at += random.between(1, 4096);
        const auto length = random.between(1, length_max);
        entries.push_back({virtual_address(at), length});
        at += length;
    }
    return entries;
}

// The range [begin, end) of all the bytes of `entries`, as the areas it must come out as.
class window {
public:
    explicit window(std::span<const area> entries) : entries_(entries.begin(), entries.end()) {
        for (const auto& each : entries_) {
            end_ += each.length;
        }
    }

    std::size_t bytes() const { return end_ - begin_; }
    window skip(std::size_t n) const { return between(begin_ + std::min(n, bytes()), end_); }
    window first(std::size_t n) const { return between(begin_, begin_ + std::min(n, bytes())); }
    window between(std::size_t begin, std::size_t end) const {
        auto copy = *this;
        copy.begin_ = begin;
        copy.end_ = end;
        return copy;
    }

    // By asking of each entry which of its bytes are in the window.
    std::vector<area> expected() const {
        std::vector<area> cut;
        std::size_t at = 0;
        for (const auto& each : entries_) {
            const auto low = std::clamp(begin_, at, at + each.length);
            const auto high = std::clamp(end_, at, at + each.length);
            if (low < high) {
                cut.push_back({each.start + (low - at), high - low});
            }
            at += each.length;
        }
        return cut;
    }

private:
    std::vector<area> entries_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

inline std::vector<area> listed(const areas& view) {
    return {view.begin(), view.end()};
}

inline std::vector<area> lowered(const areas& view) {
    std::vector<area> scratch(view.count());
    scratch.resize(view.lower(scratch));
    return scratch;
}

// Everything a view says of itself must agree with the window.
inline void check_same(const areas& view, const window& model) {
    const auto expected = model.expected();
    REQUIRE(view.bytes() == model.bytes());
    REQUIRE(view.empty() == expected.empty());
    REQUIRE(view.count() >= expected.size());
    REQUIRE(listed(view) == expected);
    REQUIRE(lowered(view) == expected);
    REQUIRE(view.contiguous() == (expected.size() <= 1));
    if (expected.size() == 1) {
        REQUIRE(view.address() == expected.front().start);
    }
    if (!expected.empty()) {
        REQUIRE(view.front() == expected.front());
    }
    if (view.whole()) {
        REQUIRE(std::vector<area>(view.array(), view.array() + view.count()) == expected);
    }
}

}  // namespace pelton::test
