#include <pelton/bench/harness/at_depth.hpp>
#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/scatter/raw_scatter.hpp>
#include <pelton/bench/scatter/scatter.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <cstring>

namespace pelton::bench {
namespace {

constexpr std::uint64_t file_bytes = std::uint64_t{128} << 20;
constexpr std::size_t most_pages = 256;
constexpr unsigned depth = 4;

task<> flow(file& from, const scatter_plan& plan, unsigned which, random_blocks& blocks,
            std::uint64_t operations) {
    const std::vector<area> entries = plan.areas_of(which);
    const areas into(std::span<const area>{entries});
    for (; operations > 0; --operations) {
        const std::uint64_t offset = blocks.next_offset();
        const auto got = co_await from.read_at(offset, into);
        check(got.has_value() && *got == into.bytes(), "a scattered read fell short");
        check_block({entries[0].start, entries[0].length}, offset);
    }
}

task<> read_all(file& from, const scatter_plan& plan, std::vector<random_blocks>& blocks,
                std::uint64_t operations) {
    co_await at_depth(plan.depth, operations, [&](unsigned i, std::uint64_t share) {
        return flow(from, plan, i, blocks[i], share);
    });
}

// One read, compared with the file byte for byte. Memory was poisoned before.
void verify(const scatter_plan& plan, const data_file& data) {
    random_blocks same(0, data.bytes(), plan.pages * scatter_plan::page_bytes);
    std::uint64_t offset = same.next_offset();
    for (const area& page : plan.areas_of(0)) {
        check(!first_difference({page.start, page.length}, offset),
              "a scattered read brought wrong bytes");
        offset += page.length;
    }
    std::memset(plan.memory.data(), 0xee, plan.memory.size());
}

task<> time_case(file& from, const settings& s, report& out, const data_file& data,
                 const scatter_plan& plan) {
    const std::string name = fmt::format("{} pages, O_DIRECT", plan.pages);
    if (!s.wants(name)) co_return;
    raw_scatter readv(plan, raw_scatter::memory::plain);
    raw_scatter readv_fixed(plan, raw_scatter::memory::registered);
    const std::vector<rival_run> rivals = {[&](std::uint64_t n) { readv.run(n); },
                                           [&](std::uint64_t n) { readv_fixed.run(n); }};
    std::vector<random_blocks> blocks;
    for (unsigned i = 0; i < plan.depth; ++i) {
        blocks.emplace_back(i, data.bytes(), plan.pages * scatter_plan::page_bytes);
    }
    std::memset(plan.memory.data(), 0xee, plan.memory.size());
    for (const rival_run& each : rivals) {
        each(plan.depth);
        verify(plan, data);
    }
    co_await read_all(from, plan, blocks, plan.depth);
    verify(plan, data);

    auto ours = [&](std::uint64_t n) { return read_all(from, plan, blocks, n); };
    pairing pairs({"pelton", "raw READV", "raw READV_FIXED"}, throughput_and_cpu(),
                  s.pairs_or(micro_pairs));
    const std::uint64_t operations = calibrate(rivals[0], s.seconds_or(0.1), plan.depth);
    const std::function<void()> nothing = [] {};
    co_await duel(pairs, operations, ours, rivals, nothing);
    std::vector<bar> bars = {{2, 1, 1.05}};
    if (plan.pages >= 64) bars.push_back({1, 1, 0.5});
    out.add(name, pairs, bars);
}

}  // namespace

int run_scatter(const settings& s) {
    report out("scatter", s);
    const data_file data(s.directory, "scatter.data", file_bytes);
    constexpr std::size_t bytes = scatter_plan::memory_bytes(most_pages, depth);
    options with;
    with.page_bytes = bytes * 2;
    return run(with, [&](shard& here) -> task<result<void>> {
        auto pages = co_await here.pages().take(bytes / arena::page_bytes());
        if (!pages) co_return std::unexpected(pages.error());
        auto from = co_await file::open(here, data.path(), open_mode::read | open_mode::direct);
        if (!from) co_return std::unexpected(from.error());
        for (const std::size_t count : {std::size_t{16}, std::size_t{64}, most_pages}) {
            const scatter_plan plan{data.path(), data.bytes(), count, depth,
                                    pages->bytes().first(scatter_plan::memory_bytes(count, depth))};
            co_await time_case(*from, s, out, data, plan);
        }
        co_return result<void>{};
    });
}

}  // namespace pelton::bench
