// The work on descriptors alone, without I/O: what the layering itself costs or saves.
#pragma once

#include <pelton/bench/harness/report.hpp>

#include <span>

namespace pelton::bench::kiobuf {

// One contiguous range by every rung; then F scattered fragments by K4, by the 16-bit vector of
// 2001, and by areas. "pelton" is areas with an SQE by hand: without I/O there is no runtime.
void measure_descriptors(const settings& s, report& out, std::span<std::byte> memory);

}  // namespace pelton::bench::kiobuf
