#include <pelton/bench/harness/pairing.hpp>

#include <utility>

namespace pelton::bench {

pairing::pairing(std::vector<std::string> contenders, std::vector<metric> metrics,
                 std::size_t rounds)
    : contenders_(std::move(contenders)),
      metrics_(std::move(metrics)),
      rounds_(rounds),
      scores_(contenders_.size(), std::vector<std::vector<double>>(metrics_.size())) {}

std::vector<pairing::turn> pairing::turns() const {
    const std::size_t count = contenders_.size();
    std::vector<turn> order;
    for (std::size_t round = 0; round <= rounds_; ++round) {
        for (std::size_t place = 0; place < count; ++place) {
            order.push_back({round % 2 == 0 ? place : count - 1 - place, round == 0});
        }
    }
    return order;
}

void pairing::record(turn which, const sample& measured) {
    if (which.warm_up) return;
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
        scores_[which.contender][m].push_back(measured[m]);
    }
}

double pairing::median(std::size_t contender, std::size_t metric_index) const {
    return median_of(scores_[contender][metric_index]);
}

estimate pairing::ratio(std::size_t contender, std::size_t rival, std::size_t metric_index) const {
    return ratio_of(scores_[contender][metric_index], scores_[rival][metric_index]);
}

}  // namespace pelton::bench
