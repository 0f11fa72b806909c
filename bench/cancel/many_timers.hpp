// A million timers of a shard, armed and cancelled, beside a std::multimap by hand.
#pragma once

#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/settings.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton::bench {

void time_timers(shard& here, const settings& s, report& out);

}  // namespace pelton::bench
