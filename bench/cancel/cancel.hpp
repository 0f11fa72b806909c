// What a deadline costs that does not pass: with_timeout around receives, and timers alone.
#pragma once

#include <pelton/bench/harness/settings.hpp>

#include <cstdint>
#include <string>

namespace pelton::bench {

struct cancel_settings {
    bool callgrind = false;
    std::string single;  // hidden: run one contender and nothing else, for callgrind
    std::uint64_t operations = 0;
};

// The exit code.
int run_cancel(const settings& s, const cancel_settings& own);

}  // namespace pelton::bench
