// Runs the turns of a pairing whose first contender is a coroutine and whose rivals are functions.
//
// All run on one thread, inside Pelton's loop with nothing else in flight: the rivals find the
// same core, the same memory and the same temperature.
#pragma once

#include <pelton/bench/harness/pairing.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/runtime/task/task.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace pelton::bench {

using rival_run = std::function<void(std::uint64_t operations)>;

// How many operations `run` does in `seconds`: a multiple of `step`, at least one of them.
inline std::uint64_t calibrate(const rival_run& run, double seconds, std::uint64_t step) {
    std::uint64_t operations = step;
    for (;;) {
        const stopwatch watch;
        run(operations);
        const double wall = std::max(watch.wall(), 1e-9);
        const double wanted = static_cast<double>(operations) * seconds / wall;
        if (wall >= seconds / 4) {
            const auto steps = static_cast<std::uint64_t>(wanted / static_cast<double>(step));
            return std::max<std::uint64_t>(1, steps) * step;
        }
        operations *= 2;
    }
}

// `ours(operations)` returns a task<>. `before` runs before each sample, outside the measurement.
// Measures throughput_and_cpu().
template <class Ours>
task<> duel(pairing& pairs, std::uint64_t operations, Ours& ours,
            const std::vector<rival_run>& rivals, const std::function<void()>& before) {
    for (const auto turn : pairs.turns()) {
        before();
        const stopwatch watch;
        if (turn.contender == 0) {
            co_await ours(operations);
        } else {
            rivals[turn.contender - 1](operations);
        }
        pairs.record(turn, watch.over(static_cast<double>(operations)));
    }
}

}  // namespace pelton::bench
