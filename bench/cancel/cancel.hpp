// What a deadline costs that does not pass: with_timeout around receives, and timers alone.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_cancel(const settings& s);

}  // namespace pelton::bench
