#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/kiobuf/contiguous.hpp>
#include <pelton/bench/kiobuf/finding.hpp>
#include <pelton/bench/kiobuf/ladder.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <fmt/format.h>

#include <cstring>

namespace pelton::bench::kiobuf {
namespace {

task<> flow(file& from, const workload& work, unsigned slot, std::uint64_t operations) {
    const std::span<std::byte> into(work.slot(slot), work.bytes);
    for (std::uint64_t i = slot; i < operations; i += work.depth) {
        const auto got = co_await from.read_at(work.offset_of(i), into);
        check(got.has_value() && *got == work.bytes, "a read through areas failed");
    }
}

task<> read_all(file& from, const workload& work, std::uint64_t operations) {
    if (work.depth == 1) {
        co_await flow(from, work, 0, operations);
        co_return;
    }
    auto body = [&](children& kids) -> task<> {
        for (unsigned slot = 0; slot < work.depth; ++slot) {
            kids.spawn(
                [&from, &work, slot, operations] { return flow(from, work, slot, operations); });
        }
        co_return;
    };
    co_await scope(body);
}

void poison(const workload& work) {
    std::memset(work.memory, 0xee, work.bytes * work.depth);
}

// After `depth` reads, slot i holds the i-th range of the file.
void verify(const workload& work, const std::string& name) {
    for (unsigned slot = 0; slot < work.depth; ++slot) {
        const auto wrong = first_difference({work.slot(slot), work.bytes}, work.offset_of(slot));
        if (wrong) fatal(fmt::format("{} read byte {} wrong", name, *wrong));
    }
}

// What each step of the ladder is worth. Contenders are in the order pelton, K3 ... K0.
std::string attribution(const pairing& pairs, std::size_t metric_index) {
    const bool speed = pairs.metrics()[metric_index].direction == better::higher;
    std::string text = speed ? "    times as fast," : "    times the CPU,";
    for (std::size_t i = pairs.contenders().size() - 1; i > 0; --i) {
        const estimate step = pairs.ratio(i - 1, i, metric_index);
        text += fmt::format(
            " {} -> {}: {:.2f} [{:.2f},{:.2f}],", pairs.contenders()[i].substr(0, 2),
            i == 1 ? "areas" : pairs.contenders()[i - 1], step.median, step.lo, step.hi);
    }
    return text + " where only the last step is layering";
}

task<> run_case(file& from, const settings& s, report& out, const workload& work) {
    const std::string name =
        fmt::format("contiguous {} KiB, depth {}", work.bytes >> 10, work.depth);
    if (!s.wants(name)) co_return;
    std::vector<rung> rungs;
    rungs.push_back(best_rung(pin::once, work, true));
    rungs.push_back(best_rung(pin::by_kernel, work, true));
    rungs.push_back(chunked_rung(raw_device::kernel::k2, work, true));
    rungs.push_back(chunked_rung(raw_device::kernel::k1, work, true));
    rungs.push_back(chunked_rung(raw_device::kernel::k0, work, true));
    std::vector<std::string> names = {"pelton"};
    std::vector<rival_run> runs;
    for (const rung& each : rungs) {
        names.push_back(each.name);
        runs.push_back(each.run);
        poison(work);
        each.run(work.depth);
        verify(work, each.name);
    }
    poison(work);
    co_await read_all(from, work, work.depth);
    verify(work, "pelton");

    auto ours = [&](std::uint64_t operations) { return read_all(from, work, operations); };
    const std::uint64_t operations = calibrate(runs[0], s.seconds_or(0.05), work.depth);
    pairing pairs(names, throughput_and_cpu(), s.pairs_or(micro_pairs));
    const std::function<void()> nothing = [] {};
    co_await duel(pairs, operations, ours, runs, nothing);
    out.add(name, pairs);
    out.note(finding(pairs, 0, 1, 0, prediction::no_win));
    out.note(finding(pairs, 0, 1, 1, prediction::no_win));
    out.note(attribution(pairs, 0));
    out.note(attribution(pairs, 1));
}

}  // namespace

task<> measure_contiguous(shard& here, const settings& s, report& out, const data_file& data,
                          std::span<std::byte> memory) {
    auto from = co_await file::open(here, data.path(), open_mode::read | open_mode::direct);
    check(from.has_value(), "cannot open the benchmark's file with O_DIRECT");
    for (std::size_t bytes = 4096; bytes <= std::size_t{16} << 20; bytes *= 4) {
        const workload work{data.path(), data.bytes(), memory.data(), bytes, 1};
        co_await run_case(*from, s, out, work);
    }
    for (const std::size_t bytes : {std::size_t{64} << 10, std::size_t{1} << 20}) {
        const workload work{data.path(), data.bytes(), memory.data(), bytes, 8};
        co_await run_case(*from, s, out, work);
    }
}

}  // namespace pelton::bench::kiobuf
