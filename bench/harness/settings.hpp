// What the command line says about every benchmark.
#pragma once

#include <cstddef>
#include <string>

namespace pelton::bench {

struct settings {
    bool json = false;
    bool quick = false;     // few, short samples: to see that it works, never to be quoted
    std::size_t pairs = 0;  // 0: as many as the benchmark's own rule says
    double seconds = 0;     // length of one sample; 0: the benchmark's own choice
    std::string directory = ".";
    std::string only;  // run the cases whose name contains this

    std::size_t pairs_or(std::size_t usual) const {
        if (pairs != 0) return pairs;
        return quick ? 7 : usual;
    }
    double seconds_or(double usual) const {
        if (seconds > 0) return seconds;
        return quick ? usual / 4 : usual;
    }
    bool wants(const std::string& name) const { return name.find(only) != std::string::npos; }
};

// A median of fewer ratios than this has an interval too wide to decide anything.
inline constexpr std::size_t micro_pairs = 31;
inline constexpr std::size_t macro_pairs = 11;

}  // namespace pelton::bench
