// How fast a loop turns: fast enough, and the coarse clock will do for timers that are far away.
//
// A loop that turns many times in one tick of the coarse clock has always something to do, and
// precise readings of the time, some 20 ns each, would be a good part of its turns. Such a turn
// does not sleep, so that it needs no limit either; the first that finds nothing to do ends the
// pace, and the next one reads the time and sleeps.
#pragma once

#include <cstdint>

namespace pelton {

class turn_pace {
public:
    // What is due within this is not left to the coarse clock, which is late by its tick: 10 ms
    // where the kernel has the longest (CONFIG_HZ=100).
    static constexpr std::uint64_t near_ns = 16'000'000;

    // A deadline this far away may begin to count late: by what is left of a tick.
    static constexpr std::uint64_t far_ns = 250'000'000;

    // Once in each turn that has timers.
    void turns_at(std::uint64_t coarse_ns) noexcept {
        turns_ = coarse_ns == tick_ns_ ? turns_ + 1 : 0;
        tick_ns_ = coarse_ns;
    }
    void found_nothing() noexcept { turns_ = 0; }

    bool is_fast() const noexcept { return turns_ >= fast_turns; }

private:
    // So many that the turn which finds nothing is little beside what they saved.
    static constexpr std::uint32_t fast_turns = 64;

    std::uint64_t tick_ns_ = 0;
    std::uint32_t turns_ = 0;
};

}  // namespace pelton
