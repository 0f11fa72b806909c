// NOPs through the kernel: what the runtime adds to a round trip, in time and in instructions.
#pragma once

#include <pelton/bench/harness/settings.hpp>

#include <cstdint>
#include <string>

namespace pelton::bench {

struct nop_settings {
    bool callgrind = false;
    std::string single;  // hidden: run one contender and nothing else, for callgrind
    unsigned depth = 1;
    std::uint64_t operations = 0;
};

// The exit code: 1 when an instruction bar was missed.
int run_nop(const settings& s, const nop_settings& own);

}  // namespace pelton::bench
