// Fragments of memory that no two touch, as the payloads of network packets lie.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace pelton::bench::kiobuf {

// `count` fragments of `bytes`: every other slot of `memory`, whole pages when they fill one.
// Smaller ones lie 64 bytes into their slot, so that none is aligned to a block.
inline std::vector<iovec> scattered(std::span<std::byte> memory, std::size_t count,
                                    std::size_t bytes) {
    const std::size_t stride = std::max<std::size_t>(2 * bytes, 256);
    const std::size_t shift = bytes % 512 == 0 ? 0 : 64;
    std::vector<iovec> fragments;
    for (std::size_t i = 0; i < count; ++i) {
        fragments.push_back({memory.data() + i * stride + shift, bytes});
    }
    return fragments;
}

inline std::size_t scattered_bytes(std::size_t count, std::size_t bytes) {
    return count * std::max<std::size_t>(2 * bytes, 256);
}

}  // namespace pelton::bench::kiobuf
