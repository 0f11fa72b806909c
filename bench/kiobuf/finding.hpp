// Says plainly what a comparison found, beside what was predicted.
#pragma once

#include <pelton/bench/harness/pairing.hpp>

#include <string>

namespace pelton::bench::kiobuf {

enum class prediction { win, no_win };

// `ours` against `rival`: a win or a loss when the interval leaves 1 out, otherwise neither.
std::string finding(const pairing& pairs, std::size_t ours, std::size_t rival,
                    std::size_t metric_index, prediction was);

}  // namespace pelton::bench::kiobuf
