// Axis (b): F scattered fragments of 64 to 4096 bytes with one operation.
//
// Prediction: a win over K4 that grows with F and shows where the I/O itself is cheap. 2.4 itself
// refused fragments smaller than a block, so every figure for K4 below 512 bytes is a gift.
#pragma once

#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/runtime/runtime.hpp>

#include <span>

namespace pelton::bench::kiobuf {

// Whole pages from a file with O_DIRECT and from a cached one; smaller fragments from the cached
// one. `memory` is registered with the shard's ring; every rung reads into it.
task<> measure_vectors(shard& here, const settings& s, report& out, const data_file& data,
                       std::span<std::byte> memory);

}  // namespace pelton::bench::kiobuf
