#include <pelton/bench/harness/at_depth.hpp>
#include <pelton/bench/harness/callgrind.hpp>
#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/nop/liburing_nop.hpp>
#include <pelton/bench/nop/nop.hpp>
#include <pelton/bench/nop/raw_nop.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

namespace pelton::bench {
namespace {

constexpr double instructions_over_raw_max = 60;

task<> flow(shard& here, std::uint64_t operations) {
    for (; operations > 0; --operations) {
        const auto done = co_await nop(here);
        check(done.has_value(), "a NOP failed");
    }
}

task<> nops(shard& here, unsigned depth, std::uint64_t operations) {
    co_await at_depth(depth, operations,
                      [&here](unsigned, std::uint64_t share) { return flow(here, share); });
}

task<> time_case(shard& here, const settings& s, report& out, unsigned depth) {
    const std::string name = fmt::format("depth {}", depth);
    if (!s.wants(name)) co_return;
    liburing_nop raw(depth);
    raw_nop bare(depth);
    const std::vector<rival_run> rivals = {[&](std::uint64_t n) { raw.run(n); },
                                           [&](std::uint64_t n) { bare.run(n); }};
    auto ours = [&](std::uint64_t operations) { return nops(here, depth, operations); };
    pairing pairs({"pelton", "raw liburing", "bare ring"}, throughput_and_cpu(),
                  s.pairs_or(micro_pairs));
    const std::uint64_t operations = calibrate(rivals[0], s.seconds_or(0.05), depth);
    const std::function<void()> nothing = [] {};
    co_await duel(pairs, operations, ours, rivals, nothing);
    out.add(name, pairs, {{1, 0, depth == 1 ? 0.93 : 0.97}});
}

bool count_case(report& out, unsigned depth) {
    const auto count = [&](const char* contender) {
        return instructions_per_operation(
            {{"nop", "--single", contender, "--depth", std::to_string(depth)},
             std::uint64_t{depth} * 200,
             std::uint64_t{depth} * 1200});
    };
    const auto ours = count("pelton");
    const auto raw = count("raw");
    const auto bare = count("bare");
    if (!ours || !raw || !bare) {
        out.note("no instruction count: valgrind is missing or did not run this program");
        return false;
    }
    const bool gated = depth > 1;
    const double bar_ratio = (*raw + instructions_over_raw_max) / *raw;
    out.add_exact(fmt::format("depth {}", depth), "raw liburing",
                  {"user_instructions_per_op", better::lower}, *ours, *raw,
                  gated ? std::optional(bar_ratio) : std::nullopt);
    out.add_exact(fmt::format("depth {}", depth), "bare ring",
                  {"user_instructions_per_op", better::lower}, *ours, *bare, std::nullopt);
    return !gated || *ours - *raw <= instructions_over_raw_max;
}

int run_single(const nop_settings& own) {
    if (own.single == "raw") {
        liburing_nop raw(own.depth);
        raw.run(own.operations);
        return 0;
    }
    if (own.single == "bare") {
        raw_nop bare(own.depth);
        bare.run(own.operations);
        return 0;
    }
    return run([&](shard& here) { return nops(here, own.depth, own.operations); });
}

}  // namespace

int run_nop(const settings& s, const nop_settings& own) {
    if (!own.single.empty()) return run_single(own);
    report out("nop", s);
    if (own.callgrind) {
        bool passed = true;
        for (const unsigned depth : {1U, 32U, 128U}) {
            passed = count_case(out, depth) && passed;
        }
        return passed ? 0 : 1;
    }
    return run([&](shard& here) -> task<> {
        for (const unsigned depth : {1U, 32U, 128U}) {
            co_await time_case(here, s, out, depth);
        }
    });
}

}  // namespace pelton::bench
