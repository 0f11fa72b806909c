#include <pelton/bench/kiobuf/finding.hpp>

#include <fmt/format.h>

namespace pelton::bench::kiobuf {

std::string finding(const pairing& pairs, std::size_t ours, std::size_t rival,
                    std::size_t metric_index, prediction was) {
    const metric& what = pairs.metrics()[metric_index];
    const estimate ratio = pairs.ratio(ours, rival, metric_index);
    const bool higher = what.direction == better::higher;
    const bool won = higher ? ratio.lo > 1 : ratio.hi < 1;
    const bool lost = higher ? ratio.hi < 1 : ratio.lo > 1;
    const bool as_predicted = won == (was == prediction::win);
    return fmt::format("    {} against {}, {}: {}, {}", pairs.contenders()[ours],
                       pairs.contenders()[rival], what.name,
                       won ? "a win" : (lost ? "a loss" : "no difference seen"),
                       as_predicted ? "as predicted" : "against the prediction");
}

}  // namespace pelton::bench::kiobuf
