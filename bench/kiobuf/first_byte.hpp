// Axis (d): how long until the first 64 KiB of a large read can be used.
//
// Prediction: a win over K0 to K3, whose caller hears of nothing before all is there; none over K4
// when each of its kiobufs is submitted apart, for then both wake a part's waiter early.
#pragma once

#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/runtime/runtime.hpp>

#include <span>

namespace pelton::bench::kiobuf {

task<> measure_first_byte(shard& here, const settings& s, report& out, const data_file& data,
                          std::span<std::byte> memory);

}  // namespace pelton::bench::kiobuf
