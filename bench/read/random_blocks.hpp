// The offsets that a flow of random reads visits: the same for every contender.
#pragma once

#include <cstdint>

namespace pelton::bench {

class random_blocks {
public:
    random_blocks(std::uint64_t seed, std::uint64_t file_bytes, std::uint64_t block_bytes) noexcept
        : state_((seed + 1) * 0x9e3779b97f4a7c15U),
          blocks_(file_bytes / block_bytes),
          block_bytes_(block_bytes) {}

    std::uint64_t next_offset() noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        const auto high = static_cast<std::uint64_t>((wide{state_} * blocks_) >> 64);
        return high * block_bytes_;
    }

private:
    __extension__ using wide = unsigned __int128;

    std::uint64_t state_;
    std::uint64_t blocks_;
    std::uint64_t block_bytes_;
};

}  // namespace pelton::bench
