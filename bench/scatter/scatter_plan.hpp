// One case of reads into scattered pages, with O_DIRECT: what every contender does alike.
#pragma once

#include <pelton/bench/read/read_plan.hpp>
#include <pelton/buffers/area.hpp>

#include <vector>

namespace pelton::bench {

struct scatter_plan {
    std::string path;
    std::uint64_t file_bytes;
    std::size_t pages;  // of 4 KiB, for each read
    unsigned depth;
    std::span<std::byte> memory;  // twice as many pages as are used: every other one

    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::size_t memory_bytes(std::size_t pages, unsigned depth) {
        return pages * 2 * page_bytes * depth;
    }

    // No two touch, and they are not in order: page k is number (k * 7 mod pages) of its half.
    std::vector<area> areas_of(unsigned flow) const {
        std::vector<area> entries;
        std::byte* const start = memory.data() + flow * pages * 2 * page_bytes;
        for (std::size_t k = 0; k < pages; ++k) {
            entries.push_back({start + k * 7 % pages * 2 * page_bytes, page_bytes});
        }
        return entries;
    }
};

}  // namespace pelton::bench
