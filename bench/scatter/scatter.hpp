// O_DIRECT reads into 16, 64 and 256 scattered pages: what registered vectors save in CPU.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_scatter(const settings& s);

}  // namespace pelton::bench
