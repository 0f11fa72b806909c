#include <pelton/bench/harness/at_depth.hpp>
#include <pelton/bench/harness/callgrind.hpp>
#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/harness/memory.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/read/raw_read.hpp>
#include <pelton/bench/read/read.hpp>
#include <pelton/bench/read/thread_read.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

namespace pelton::bench {
namespace {

constexpr std::uint64_t file_bytes = std::uint64_t{128} << 20;
constexpr std::size_t largest_block = 64U << 10;
constexpr unsigned deepest = 128;
constexpr double throughput_bar = 0.97;

task<> flow(file& from, const read_plan& plan, unsigned which, random_blocks& blocks,
            std::uint64_t operations) {
    const auto into = plan.block(which);
    for (; operations > 0; --operations) {
        const std::uint64_t offset = blocks.next_offset();
        const auto got = co_await from.read_at(offset, into);
        check(got.has_value() && *got == into.size(), "a read fell short");
        check_block(into, offset);
    }
}

task<> read_all(file& from, const read_plan& plan, std::vector<random_blocks>& blocks,
                std::uint64_t operations) {
    co_await at_depth(plan.depth, operations, [&](unsigned i, std::uint64_t share) {
        return flow(from, plan, i, blocks[i], share);
    });
}

std::vector<random_blocks> blocks_of(const read_plan& plan) {
    std::vector<random_blocks> all;
    for (unsigned i = 0; i < plan.depth; ++i) {
        all.emplace_back(i, plan.file_bytes, plan.block_bytes);
    }
    return all;
}

// A pool of registered pages for the deepest case; every contender reads into it.
options with_room() {
    options with;
    with.page_bytes = 2 * deepest * largest_block;
    return with;
}

// The file both ways: as it was opened, and with its descriptor registered.
struct opened {
    file plain;
    file registered;
};

task<result<opened>> open_twice(shard& here, const data_file& data, open_mode mode) {
    auto plain = co_await file::open(here, data.path(), mode);
    if (!plain) co_return std::unexpected(plain.error());
    auto registered = co_await file::open(here, data.path(), mode);
    if (!registered) co_return std::unexpected(registered.error());
    registered->register_descriptor();
    co_return opened{std::move(*plain), std::move(*registered)};
}

task<> time_case(opened& from, const settings& s, report& out, const data_file& data,
                 const read_plan& plan) {
    const std::string name = fmt::format("{} {} KiB, depth {}", plan.direct ? "O_DIRECT" : "cached",
                                         plan.block_bytes >> 10, plan.depth);
    if (!s.wants(name)) co_return;
    raw_read raw(plan, raw_read::file::plain);
    raw_read raw_direct(plan, raw_read::file::direct_descriptor);
    thread_read threads(plan);
    const std::vector<rival_run> rivals = {[&](std::uint64_t n) { raw.run(n); },
                                           [&](std::uint64_t n) { threads.run(n); }};
    const std::vector<rival_run> rivals_by_place = {[&](std::uint64_t n) { raw_direct.run(n); }};
    auto blocks = blocks_of(plan);
    auto ours = [&](std::uint64_t n) { return read_all(from.plain, plan, blocks, n); };
    auto ours_by_place = [&](std::uint64_t n) {
        return read_all(from.registered, plan, blocks, n);
    };
    pairing pairs({"pelton", "raw READ_FIXED", "preadv, threads"}, throughput_and_cpu(),
                  s.pairs_or(micro_pairs));
    pairing pairs_by_place({"pelton", "raw, direct desc."}, throughput_and_cpu(),
                           s.pairs_or(micro_pairs));
    const std::function<void()> warm = [&] {
        if (!plan.direct) data.warm_cache();
    };
    warm();
    const std::uint64_t operations = calibrate(rivals[0], s.seconds_or(0.05), plan.depth);
    co_await duel(pairs, operations, ours, rivals, warm);
    out.add(name, pairs, {{1, 0, throughput_bar}});
    co_await duel(pairs_by_place, operations, ours_by_place, rivals_by_place, warm);
    out.add(name + ", registered", pairs_by_place, {{1, 0, throughput_bar}});
}

task<result<void>> time_all(shard& here, const settings& s, report& out, const data_file& data) {
    auto pages = co_await here.pages().take(deepest * largest_block / arena::page_bytes());
    if (!pages) co_return std::unexpected(pages.error());
    std::memset(pages->data(), 0, pages->size());
    auto cached = co_await open_twice(here, data, open_mode::read);
    if (!cached) co_return std::unexpected(cached.error());
    auto direct = co_await open_twice(here, data, open_mode::read | open_mode::direct);
    if (!direct) co_return std::unexpected(direct.error());
    for (const bool is_direct : {false, true}) {
        for (const std::size_t block : {std::size_t{4096}, largest_block}) {
            for (const unsigned depth : {1U, 32U, deepest}) {
                const read_plan plan{data.path(), data.bytes(),
                                     is_direct,   block,
                                     depth,       pages->bytes().first(depth * block)};
                co_await time_case(is_direct ? *direct : *cached, s, out, data, plan);
            }
        }
    }
    co_return result<void>{};
}

void count_case(report& out, const settings& s, unsigned depth) {
    const auto count = [&](const char* contender) {
        return instructions_per_operation({{"read", "--dir", s.directory, "--single", contender,
                                            "--depth", std::to_string(depth)},
                                           std::uint64_t{depth} * 200,
                                           std::uint64_t{depth} * 1200});
    };
    const auto ours = count("pelton");
    const auto raw = count("raw");
    if (!ours || !raw) {
        out.note("no instruction count: valgrind is missing or did not run this program");
        return;
    }
    out.add_exact(fmt::format("cached 4 KiB, depth {}", depth), "raw READ_FIXED",
                  {"user_instructions_per_op", better::lower}, *ours, *raw);
}

int run_single(const settings& s, const read_settings& own) {
    const data_file data(s.directory, "read.data", 1U << 20);
    read_plan plan{data.path(), data.bytes(), false, 4096, own.depth, {}};
    if (own.single == "raw") {
        const page_memory memory(own.depth * plan.block_bytes, true);
        plan.memory = memory.bytes();
        raw_read raw(plan, raw_read::file::plain);
        raw.run(own.operations);
        return 0;
    }
    return run(with_room(), [&](shard& here) -> task<result<void>> {
        auto pages = co_await here.pages().take(own.depth);
        if (!pages) co_return std::unexpected(pages.error());
        plan.memory = pages->bytes();
        auto from = co_await file::open(here, data.path(), open_mode::read);
        if (!from) co_return std::unexpected(from.error());
        auto blocks = blocks_of(plan);
        co_await read_all(*from, plan, blocks, own.operations);
        co_return result<void>{};
    });
}

}  // namespace

int run_read(const settings& s, const read_settings& own) {
    if (!own.single.empty()) return run_single(s, own);
    report out("read", s);
    if (own.callgrind) {
        for (const unsigned depth : {1U, 32U, deepest}) {
            count_case(out, s, depth);
        }
        return 0;
    }
    const data_file data(s.directory, "read.data", file_bytes);
    return run(with_room(), [&](shard& here) { return time_all(here, s, out, data); });
}

}  // namespace pelton::bench
