#include <pelton/bench/fallback/masked_read.hpp>
#include <pelton/bench/harness/at_depth.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/bench/read/random_blocks.hpp>
#include <pelton/bench/scatter/scatter_plan.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/runtime.hpp>

#include <cstring>
#include <span>
#include <vector>

namespace pelton::bench::fallback {
namespace {

constexpr std::uint64_t warm_up_share = 8;

task<> flow(file& from, const scatter_plan& plan, unsigned which, random_blocks& blocks,
            std::uint64_t operations) {
    const std::vector<area> entries = plan.areas_of(which);
    const areas into(std::span<const area>{entries});
    for (; operations > 0; --operations) {
        const std::uint64_t offset = blocks.next_offset();
        std::size_t moved = 0;
        while (moved < into.bytes()) {  // without vectors a read is as long as one area
            const auto got = co_await from.read_at(offset + moved, into.skip(moved));
            check(got.has_value() && *got > 0, "a read of the measurement failed");
            moved += *got;
        }
        check_block({entries[0].start, entries[0].length}, offset);
    }
}

task<> read_all(file& from, const scatter_plan& plan, std::vector<random_blocks>& blocks,
                std::uint64_t operations) {
    co_await at_depth(plan.depth, operations, [&](unsigned i, std::uint64_t share) {
        return flow(from, plan, i, blocks[i], share);
    });
}

task<result<void>> measure(shard& here, const masked_read& how, const data_file& data,
                           std::uint64_t operations, sample& measured) {
    const std::size_t bytes = scatter_plan::memory_bytes(how.pages, how.depth);
    auto pages = co_await here.pages().take(bytes / arena::page_bytes());
    if (!pages) co_return std::unexpected(pages.error());
    std::memset(pages->data(), 0, pages->size());
    const auto mode = how.direct ? open_mode::read | open_mode::direct : open_mode::read;
    auto from = co_await file::open(here, data.path(), mode);
    if (!from) co_return std::unexpected(from.error());

    const scatter_plan plan{data.path(), data.bytes(), how.pages, how.depth, pages->bytes()};
    std::vector<random_blocks> blocks;
    for (unsigned i = 0; i < how.depth; ++i) {
        blocks.emplace_back(i, data.bytes(), how.pages * scatter_plan::page_bytes);
    }
    co_await read_all(*from, plan, blocks, operations / warm_up_share + how.depth);
    const stopwatch watch;
    co_await read_all(*from, plan, blocks, operations);
    measured = watch.over(static_cast<double>(operations));
    co_return result<void>{};
}

}  // namespace

sample run_masked_read(const masked_read& how, const feature_set& features, const data_file& data,
                       std::uint64_t operations) {
    options with;
    with.ring.masked = features;
    with.page_bytes = 2 * scatter_plan::memory_bytes(how.pages, how.depth);
    with.notice = [](std::string_view) {};  // what is degraded is what is measured
    sample measured;
    const int code =
        run(with, [&](shard& here) { return measure(here, how, data, operations, measured); });
    check(code == 0, "a shard of the measurement ended with an error");
    return measured;
}

}  // namespace pelton::bench::fallback
