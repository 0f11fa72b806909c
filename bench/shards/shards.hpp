// What it costs to cross from one shard to another, and to start a task and wait for it.
#pragma once

#include <pelton/bench/harness/settings.hpp>

namespace pelton::bench {

// The exit code.
int run_shards(const settings& s);

}  // namespace pelton::bench
