#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/shards/allocations.hpp>
#include <pelton/bench/shards/ping_pong.hpp>
#include <pelton/bench/shards/shards.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/on.hpp>

#include <fmt/format.h>

namespace pelton::bench {
namespace {

constexpr std::uint64_t together = 10'000;  // children of one scope

task<> nothing_there() {
    co_return;
}

task<> call(shard& there, std::uint64_t rounds) {
    for (; rounds > 0; --rounds) {
        co_await on(there, nothing_there);
    }
}

task<> time_ping_pong(shard& here, const settings& s, report& out) {
    const std::string name = "ping-pong";
    if (!s.wants(name)) co_return;
    condition_ping_pong condition;
    eventfd_ping_pong eventfds;
    const std::vector<rival_run> rivals = {[&](std::uint64_t n) { condition.run(n); },
                                           [&](std::uint64_t n) { eventfds.run(n); }};
    auto& there = here.peer(1);
    auto ours = [&](std::uint64_t n) { return call(there, n); };
    pairing pairs({"pelton on()", "condition variable", "eventfd"}, throughput_and_cpu(),
                  s.pairs_or(micro_pairs));
    const std::uint64_t rounds = calibrate(rivals[1], s.seconds_or(0.1), 1);
    const std::function<void()> before = [] {};
    co_await duel(pairs, rounds, ours, rivals, before);
    out.add(name, pairs);
    out.note(
        fmt::format("    one round trip: pelton {:.0f} ns, condition variable {:.0f} ns, "
                    "eventfd {:.0f} ns",
                    1e9 / pairs.median(0, 0), 1e9 / pairs.median(1, 0), 1e9 / pairs.median(2, 0)));
}

// Starts `count` children that do nothing, and waits for them.
task<> start_and_join(std::uint64_t count) {
    auto body = [count](children& kids) -> task<> {
        for (std::uint64_t i = 0; i < count; ++i) {
            kids.spawn(nothing_there);
        }
        co_return;
    };
    co_await scope(body);
}

task<> start_in_groups(std::uint64_t count, std::uint64_t group) {
    for (; count > 0; count -= group) {
        co_await start_and_join(group);
    }
}

// Threads, the only way to start something and join it without a runtime.
void threads(std::uint64_t count) {
    for (; count > 0; --count) {
        std::thread([] {}).join();
    }
}

task<> time_spawn(const settings& s, report& out, std::uint64_t group) {
    const auto name = fmt::format("spawn and join, {} at once", group);
    if (!s.wants(name)) co_return;
    const auto cold = allocated_so_far();
    co_await start_and_join(group);
    const auto warm = allocated_so_far();
    pairing pairs({"pelton", "std::thread"}, throughput_and_cpu(), s.pairs_or(macro_pairs));
    std::size_t times = 0;
    for (const auto turn : pairs.turns()) {
        const std::uint64_t operations = turn.contender == 0 ? 20 * together : 500;
        const auto before = allocated_so_far();
        const stopwatch watch;
        if (turn.contender == 0) {
            co_await start_in_groups(operations, group);
            if (!turn.warm_up) times += allocated_so_far().times - before.times;
        } else {
            threads(operations);
        }
        const auto measured = watch.over(static_cast<double>(operations));
        pairs.record(turn, measured);
    }
    out.add(name, pairs);
    out.note(fmt::format(
        "    a task: {:.1f} ns; {} allocations warm; the first time {} bytes by {} "
        "allocations for {} tasks",
        1e9 / pairs.median(0, 0), times, warm.bytes - cold.bytes, warm.times - cold.times, group));
}

}  // namespace

int run_shards(const settings& s) {
    report out("shards", s);
    options with;
    with.shards = 2;
    return run(with, [&](shard& here) -> task<> {
        // The most at once first: what it allocates is what tasks weigh.
        co_await time_spawn(s, out, together);
        co_await time_spawn(s, out, 1);
        co_await time_ping_pong(here, s, out);
    });
}

}  // namespace pelton::bench
