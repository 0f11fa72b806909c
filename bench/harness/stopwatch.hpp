// Wall time and CPU time of the whole process between two moments.
//
// CPU time is RUSAGE_SELF, user and system, so it holds what io-wq workers and rival threads
// burn. The kernel scales both to the scheduler's exact run time; their sum is good to 1 us.
#pragma once

#include <pelton/bench/harness/metric.hpp>

namespace pelton::bench {

class stopwatch {
public:
    stopwatch();

    // Seconds since construction.
    double wall() const;
    double cpu() const;

    // The two metrics of throughput_and_cpu().
    sample over(double operations) const;

private:
    double wall_start_;
    double cpu_start_;
};

// CLOCK_MONOTONIC in seconds.
double now();

}  // namespace pelton::bench
