// pelcp beside cp and dd: one large file, and a tree of small ones.
#pragma once

#include <pelton/bench/harness/settings.hpp>

#include <string>

namespace pelton::bench {

struct copy_settings {
    std::string pelcp;  // empty: ../examples/pelcp or ../examples/pelcp/pelcp from here
    std::size_t large_mib = 1024;
    std::size_t small_files = 4000;
};

// The exit code: 1 when a copy differs from its source.
int run_copy(const settings& s, const copy_settings& own);

}  // namespace pelton::bench
