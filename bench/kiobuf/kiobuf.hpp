// Areas beside the kiobuf they turn over: a ladder from Linux 2.4.0 to Pelton, a change a step.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_kiobuf(const settings& s);

}  // namespace pelton::bench
