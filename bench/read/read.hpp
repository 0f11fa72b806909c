// Random reads of a file, cached and with O_DIRECT.
#pragma once

#include <pelton/bench/harness/settings.hpp>

#include <cstdint>
#include <string>

namespace pelton::bench {

struct read_settings {
    bool callgrind = false;
    std::string single;  // hidden: run one contender and nothing else, for callgrind
    unsigned depth = 1;
    std::uint64_t operations = 0;
};

// The exit code.
int run_read(const settings& s, const read_settings& own);

}  // namespace pelton::bench
