#include <pelton/bench/cancel/many_timers.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/shard/timers.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace pelton::bench {
namespace {

constexpr std::size_t count = 1'000'000;
constexpr std::uint64_t hour_ns = 3'600'000'000'000;

struct idle final : timer {
    void fire() noexcept override { fatal("a timer that was to be cancelled fired"); }
};

// Deadlines in no order within an hour, cancelled in another order than they were armed.
struct plan {
    explicit plan(std::uint64_t now_ns) : deadlines(count), order(count) {
        std::mt19937_64 numbers(1);
        for (auto& each : deadlines) {
            each = now_ns + hour_ns + numbers() % hour_ns;
        }
        std::iota(order.begin(), order.end(), 0U);
        std::shuffle(order.begin(), order.end(), numbers);
    }

    std::vector<std::uint64_t> deadlines;
    std::vector<std::uint32_t> order;
};

sample per_timer(double armed, double cancelled) {
    return {armed * 1e9 / count, cancelled * 1e9 / count};
}

sample by_shard(shard& here, const plan& of, std::vector<idle>& all) {
    const stopwatch arming;
    for (std::size_t i = 0; i < count; ++i) {
        here.clock().arm(all[i], of.deadlines[i]);
    }
    const double armed = arming.wall();
    const stopwatch cancelling;
    for (const auto which : of.order) {
        here.clock().disarm(all[which]);
    }
    return per_timer(armed, cancelling.wall());
}

sample by_map(const plan& of) {
    std::multimap<std::uint64_t, std::size_t> queue;
    std::vector<std::multimap<std::uint64_t, std::size_t>::iterator> places(count);
    const stopwatch arming;
    for (std::size_t i = 0; i < count; ++i) {
        places[i] = queue.emplace(of.deadlines[i], i);
    }
    const double armed = arming.wall();
    const stopwatch cancelling;
    for (const auto which : of.order) {
        queue.erase(places[which]);
    }
    return per_timer(armed, cancelling.wall());
}

}  // namespace

void time_timers(shard& here, const settings& s, report& out) {
    const std::string name = "1,000,000 timers";
    if (!s.wants(name)) return;
    const plan of(here.calls().now_ns());
    std::vector<idle> all(count);
    pairing pairs({"pelton", "std::multimap"},
                  {{"ns_to_arm", better::lower}, {"ns_to_cancel", better::lower}},
                  s.pairs_or(macro_pairs));
    for (const auto turn : pairs.turns()) {
        pairs.record(turn, turn.contender == 0 ? by_shard(here, of, all) : by_map(of));
    }
    out.add(name, pairs);
}

}  // namespace pelton::bench
