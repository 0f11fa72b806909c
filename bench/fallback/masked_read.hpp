// Random reads by a shard that was made with a mask.
#pragma once

#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/metric.hpp>
#include <pelton/runtime/ring/feature.hpp>

#include <cstddef>
#include <cstdint>

namespace pelton::bench::fallback {

struct masked_read {
    bool direct;
    std::size_t pages;  // of 4 KiB, for each read; more than one: no two of them touch
    unsigned depth;
};

// Makes a shard, reads a while to warm up, then does `operations` reads, and ends the shard. The
// sample, as throughput_and_cpu() has it, is of those reads alone. Ends the process when a read
// fails or brings the wrong block.
sample run_masked_read(const masked_read& how, const feature_set& features, const data_file& data,
                       std::uint64_t operations);

}  // namespace pelton::bench::fallback
