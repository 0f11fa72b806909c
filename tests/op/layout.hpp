// Random areas over one piece of memory, in order and with gaps, and what a transfer does to them.
#pragma once

#include <pelton/buffers/areas.hpp>

#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace pelton::test {

using generator = std::mt19937_64;

inline std::size_t below(generator& any, std::size_t limit) {
    return static_cast<std::size_t>(any() % limit);
}

// `count` areas inside `memory`, none overlapping, about one in eight of no length.
inline std::vector<area> scatter(generator& any, std::span<std::byte> memory, std::size_t count) {
    const auto share = memory.size() / count;
    std::vector<area> made;
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto offset = below(any, share / 2);
        const auto length = below(any, 8) == 0 ? 0 : 1 + below(any, share - offset);
        made.push_back({memory.data() + i * share + offset, length});
    }
    return made;
}

// The areas in turn from two pieces of memory.
inline std::vector<area> alternate(const std::vector<area>& one, const std::vector<area>& other) {
    std::vector<area> both;
    for (std::size_t i = 0; i < one.size(); ++i) {
        both.push_back(i % 2 == 0 ? one[i] : other[i]);
    }
    return both;
}

inline areas cut_at_random(generator& any, areas view) {
    const auto begin = below(any, view.bytes() / 2 + 1);
    const auto rest = view.skip(below(any, 3) == 0 ? 0 : begin);
    return below(any, 3) == 0 ? rest : rest.first(1 + below(any, rest.bytes() + 1));
}

// The bytes in view, one after the other.
inline std::vector<std::byte> gather(const areas& view) {
    std::vector<std::byte> flat;
    for (const auto one : view) {
        flat.insert(flat.end(), one.start, one.start + one.length);
    }
    return flat;
}

// The most that one operation transfers: the first 1024 areas, or one when `vectors` is false.
inline std::size_t bytes_at_once(const areas& view, bool vectors) {
    std::size_t bytes = 0;
    std::size_t entries = 0;
    const std::size_t most = vectors ? 1024 : 1;
    for (const auto one : view) {
        if (entries++ == most) {
            break;
        }
        bytes += one.length;
    }
    return bytes;
}

// What `memory` holds once `bytes` were read into the view, which lies in it.
inline std::vector<std::byte> filled(std::span<const std::byte> memory, const areas& view,
                                     std::span<const std::byte> bytes) {
    std::vector<std::byte> after(memory.begin(), memory.end());
    for (const auto one : view.first(bytes.size())) {
        if (one.start >= memory.data() && one.start < memory.data() + memory.size()) {
            std::memcpy(after.data() + (one.start - memory.data()), bytes.data(), one.length);
        }
        bytes = bytes.subspan(one.length);
    }
    return after;
}

}  // namespace pelton::test
