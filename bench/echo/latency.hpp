// A histogram of times with some 3 % of error, from 1 ns to hours, without allocation.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace pelton::bench::echo {

class latency {
public:
    void add(std::uint64_t ns) noexcept {
        ++counts_[index_of(ns)];
        ++total_;
    }
    void clear() noexcept { *this = {}; }

    // The time, in ns, that `share` of all were at most.
    double quantile(double share) const noexcept {
        auto left = static_cast<std::uint64_t>(share * static_cast<double>(total_));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > left) return lower_edge(i);
            left -= counts_[i];
        }
        return 0;
    }

private:
    static constexpr unsigned fine_bits = 5;
    static constexpr std::size_t fine = 1U << fine_bits;

    static std::size_t index_of(std::uint64_t ns) noexcept {
        if (ns < fine) return ns;
        const auto octave = static_cast<unsigned>(std::bit_width(ns)) - fine_bits - 1;
        return octave * fine + (ns >> octave);
    }
    static double lower_edge(std::size_t index) noexcept {
        if (index < 2 * fine) return static_cast<double>(index);
        const std::size_t octave = index / fine - 1;
        return static_cast<double>((index - octave * fine) << octave);
    }

    std::array<std::uint64_t, fine * 48> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace pelton::bench::echo
