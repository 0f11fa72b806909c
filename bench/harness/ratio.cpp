#include <pelton/bench/harness/ratio.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pelton::bench {
namespace {

constexpr double tail = 0.025;
constexpr double widest_half = 0.03;

// How many values lie outside the interval on each side.
std::size_t ranks_outside(std::size_t count) {
    double probability = std::pow(0.5, static_cast<double>(count));
    double cumulative = probability;
    std::size_t k = 0;
    while (k < count / 2 && cumulative <= tail) {
        ++k;
        probability *= static_cast<double>(count - k + 1) / static_cast<double>(k);
        cumulative += probability;
    }
    return k == 0 ? 0 : k - 1;
}

double middle(const std::vector<double>& sorted) {
    const std::size_t half = sorted.size() / 2;
    return sorted.size() % 2 != 0 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

}  // namespace

double median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return middle(values);
}

estimate estimate_median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t outside = ranks_outside(values.size());
    return {middle(values), values[outside], values[values.size() - 1 - outside]};
}

estimate ratio_of(const std::vector<double>& ours, const std::vector<double>& theirs) {
    std::vector<double> ratios(ours.size());
    std::transform(ours.begin(), ours.end(), theirs.begin(), ratios.begin(),
                   [](double x, double y) { return x / y; });
    return estimate_median(std::move(ratios));
}

verdict judge(const estimate& ratio, double bar, better direction) {
    if ((ratio.hi - ratio.lo) / 2 > widest_half * ratio.median) return verdict::undecided;
    const bool reached = direction == better::higher ? ratio.hi >= bar : ratio.lo <= bar;
    return reached ? verdict::met : verdict::missed;
}

std::string_view name_of(verdict v) {
    switch (v) {
        case verdict::met:
            return "met";
        case verdict::missed:
            return "missed";
        case verdict::undecided:
            return "undecided";
    }
    return "";
}

}  // namespace pelton::bench
