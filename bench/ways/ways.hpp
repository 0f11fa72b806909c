// Operations on files and names that both the ring and a thread can carry out, one beside the
// other.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

int run_ways(const settings& s);

}  // namespace pelton::bench
