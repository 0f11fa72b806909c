// What a benchmark measures, and one measurement of it.
#pragma once

#include <string>
#include <vector>

namespace pelton::bench {

enum class better { higher, lower };

struct metric {
    std::string name;
    better direction;
};

// One value for each metric of the case, in the case's order.
using sample = std::vector<double>;

// What most cases here measure, over a number of operations.
inline std::vector<metric> throughput_and_cpu() {
    return {{"ops_per_second", better::higher}, {"cpu_us_per_op", better::lower}};
}

}  // namespace pelton::bench
