// Echo over TCP on one machine: server CPU for each request, by Pelton, by hand, by Asio.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_echo(const settings& s);

}  // namespace pelton::bench
