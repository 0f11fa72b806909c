// Ratios of paired measurements, and whether they reach a bar.
//
// The estimate is the median of the per-pair ratios. Its 95 % interval is taken from the order
// statistics: with n pairs the k-th smallest and the k-th largest ratio, where k is the largest
// number with P(Binomial(n, 1/2) < k) <= 2.5 %. It assumes nothing about the noise but that pairs
// are independent. Below six pairs no such k exists and the interval is the whole range.
#pragma once

#include <pelton/bench/harness/metric.hpp>

#include <string_view>
#include <vector>

namespace pelton::bench {

struct estimate {
    double median;
    double lo;
    double hi;
};

double median_of(std::vector<double> values);

// `values` must not be empty.
estimate estimate_median(std::vector<double> values);

// Per-pair ratios ours[i] / theirs[i]; both have the same length.
estimate ratio_of(const std::vector<double>& ours, const std::vector<double>& theirs);

enum class verdict { met, missed, undecided };

// Met when the interval reaches the bar: its favourable end (hi for `higher`, lo for `lower`) is
// on the bar's good side. An interval wider than +-3 % of the ratio decides nothing.
verdict judge(const estimate& ratio, double bar, better direction);

std::string_view name_of(verdict v);

}  // namespace pelton::bench
