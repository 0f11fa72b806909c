// Axis (a): one contiguous buffer, O_DIRECT, from 4 KiB to 16 MiB.
//
// Prediction, made before any of it was measured: no win over K3. A kiobuf describes one contiguous
// buffer as well as an area does; what K3 gains over K0 is chunks, heads and pins, not layering.
#pragma once

#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/runtime/runtime.hpp>

#include <span>

namespace pelton::bench::kiobuf {

// `memory` is registered with the shard's ring; every rung reads into it.
task<> measure_contiguous(shard& here, const settings& s, report& out, const data_file& data,
                          std::span<std::byte> memory);

}  // namespace pelton::bench::kiobuf
