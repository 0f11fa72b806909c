// The order in which contenders are measured, and what each of them scored.
//
// Contender 0 is Pelton. Rounds alternate A B / B A (with more contenders A B C / C B A), so that
// a drift of the machine falls on both sides alike. The caller runs the turns itself, since some
// contenders are coroutines and some plain functions:
//
//     for (const auto turn : pairs.turns()) {
//         if (turn.warm_up) ...        // a whole round first, measured and thrown away
//         pairs.record(turn, measured);
//     }
#pragma once

#include <pelton/bench/harness/metric.hpp>
#include <pelton/bench/harness/ratio.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pelton::bench {

class pairing {
public:
    struct turn {
        std::size_t contender;
        bool warm_up;
    };

    pairing(std::vector<std::string> contenders, std::vector<metric> metrics, std::size_t rounds);

    std::vector<turn> turns() const;
    void record(turn which, const sample& measured);

    const std::vector<std::string>& contenders() const { return contenders_; }
    const std::vector<metric>& metrics() const { return metrics_; }

    double median(std::size_t contender, std::size_t metric_index) const;
    estimate ratio(std::size_t contender, std::size_t rival, std::size_t metric_index) const;

private:
    std::vector<std::string> contenders_;
    std::vector<metric> metrics_;
    std::size_t rounds_;
    std::vector<std::vector<std::vector<double>>> scores_;  // [contender][metric][round]
};

}  // namespace pelton::bench
