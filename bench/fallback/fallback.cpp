#include <pelton/bench/echo/client.hpp>
#include <pelton/bench/echo/server_process.hpp>
#include <pelton/bench/fallback/fallback.hpp>
#include <pelton/bench/fallback/masked.hpp>
#include <pelton/bench/fallback/masked_read.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/stopwatch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pelton::bench {
namespace {

using fallback::masked;
using fallback::masked_read;

constexpr std::uint64_t file_bytes = std::uint64_t{128} << 20;
constexpr unsigned server_core = 0;
constexpr unsigned client_core = 1;
constexpr const char* kernel_6_1 = "linux_6.1";

const std::vector<std::string> of_the_ring = {
    "submit_all", "single_issuer", "defer_taskrun",      "defer_taskrun,coop_taskrun",
    "no_sqarray", "no_iowait",     "registered_ring_fd", "registered_buffers"};

struct read_case {
    const char* name;
    masked_read how;
    std::vector<std::string> more;  // masks beside those of the ring
};

const std::vector<read_case> read_cases = {
    {"cached 4 KiB, depth 1", {false, 1, 1}, {"read_fixed", "read_fixed,read"}},
    {"cached 4 KiB, depth 32", {false, 1, 32}, {"read_fixed", "read_fixed,read"}},
    {"O_DIRECT, 64 pages, depth 4", {true, 64, 4}, {"readv_fixed", "readv_fixed,readv"}},
};

struct echo_case {
    const char* name;
    unsigned connections;
    std::size_t bytes;
};

constexpr echo_case echo_cases[] = {{"echo, 64 connections, 64 B", 64, 64},
                                    {"echo, 64 connections, 4096 B", 64, 4096}};

const std::vector<std::string> of_streams = {
    "receive_multishot",       "receive_bundle", "buffer_ring",
    "buffer_ring_incremental", "recv",           "send",
    "registered_descriptors"};

std::vector<masked> masks(const std::vector<std::string>& more, report& out) {
    std::vector<std::string> names = of_the_ring;
    names.insert(names.end(), more.begin(), more.end());
    names.emplace_back(kernel_6_1);
    std::vector<std::string> left_out;
    auto all = fallback::masks_that_matter(names, left_out);
    for (const std::string& each : left_out) {
        out.note(
            fmt::format("    {} is left out: the kernel or PELTON_MASK lacks it anyway", each));
    }
    return all;
}

// As many reads as take `seconds` with nothing masked.
std::uint64_t calibrate_reads(const masked_read& how, const data_file& data, double seconds) {
    std::uint64_t operations = how.depth;
    for (;;) {
        const sample got = fallback::run_masked_read(how, {}, data, operations);
        const double wall = static_cast<double>(operations) / got[0];
        if (wall >= seconds / 4) {
            const auto rounds = static_cast<std::uint64_t>(got[0] * seconds / how.depth);
            return std::max<std::uint64_t>(1, rounds) * how.depth;
        }
        operations *= 2;
    }
}

void time_reads(const settings& s, report& out, const data_file& data, const read_case& which) {
    if (!s.wants(which.name)) return;
    data.warm_cache();
    const auto operations = calibrate_reads(which.how, data, s.seconds_or(0.05));
    for (const masked& each : masks(which.more, out)) {
        pairing pairs({"pelton", each.rival()}, throughput_and_cpu(), s.pairs_or(micro_pairs));
        for (const auto turn : pairs.turns()) {
            if (!which.how.direct) data.warm_cache();
            const feature_set hidden = turn.contender == 0 ? feature_set{} : each.features;
            pairs.record(turn, fallback::run_masked_read(which.how, hidden, data, operations));
        }
        out.add(which.name, pairs);
    }
}

void time_echo(const settings& s, report& out, const echo_case& which) {
    if (!s.wants(which.name)) return;
    const double seconds = s.seconds_or(0.5);
    for (const masked& each : masks(of_streams, out)) {
        const echo::server_process whole(echo::serve_pelton, which.connections, which.bytes,
                                         server_core);
        const auto serve = [&](const echo::serving& how) {
            echo::serve_pelton_without(each.features, how);
        };
        const echo::server_process less(serve, which.connections, which.bytes, server_core);
        pairing pairs(
            {"pelton", each.rival()},
            {{"requests_per_second", better::higher}, {"server_cpu_us_per_request", better::lower}},
            s.pairs_or(macro_pairs));
        for (const auto turn : pairs.turns()) {
            const auto& server = turn.contender == 0 ? whole : less;
            const echo::load_outcome got = echo::run_load(
                {server.port(), which.connections, which.bytes, seconds / 5, seconds, server.id()});
            pairs.record(turn, {got.requests / got.wall, got.server_cpu * 1e6 / got.requests});
        }
        out.add(which.name, pairs);
    }
}

}  // namespace

int run_fallback(const settings& s) {
    report out("fallback", s);
    {
        const data_file data(s.directory, "fallback.data", file_bytes);
        for (const read_case& each : read_cases) {
            time_reads(s, out, data, each);
        }
    }
    stay_on_core(client_core);
    for (const echo_case& each : echo_cases) {
        time_echo(s, out, each);
    }
    return 0;
}

}  // namespace pelton::bench
