// What each kernel feature is worth: the same read and the same echo with it masked.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_fallback(const settings& s);

}  // namespace pelton::bench
