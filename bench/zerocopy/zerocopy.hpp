// From which size on a zero-copy send pays: over loopback, and over a veth pair.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_zerocopy(const settings& s);

}  // namespace pelton::bench
