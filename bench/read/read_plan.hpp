// One case of random reads: what every contender does alike.
#pragma once

#include <pelton/bench/harness/data_file.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace pelton::bench {

struct read_plan {
    std::string path;
    std::uint64_t file_bytes;
    bool direct;
    std::size_t block_bytes;
    unsigned depth;
    std::span<std::byte> memory;  // depth blocks: the same memory for every contender

    std::span<std::byte> block(unsigned flow) const {
        return memory.subspan(flow * block_bytes, block_bytes);
    }
};

// Whether a block holds what the file holds at `offset`, by its first word: cheap enough for every
// read of every contender.
inline void check_block(std::span<const std::byte> block, std::uint64_t offset) {
    std::uint64_t word = 0;
    std::memcpy(&word, block.data(), sizeof(word));
    check(word == word_at(offset), "a read brought the wrong block");
}

}  // namespace pelton::bench
