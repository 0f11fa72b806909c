#include <pelton/bench/harness/machine.hpp>
#include <pelton/bench/harness/report.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <utility>

namespace pelton::bench {
namespace {

std::string_view name_of(better direction) {
    return direction == better::higher ? "higher" : "lower";
}

std::string amount(double value) {
    if (value >= 1e9) return fmt::format("{:.2f}G", value / 1e9);
    if (value >= 1e6) return fmt::format("{:.2f}M", value / 1e6);
    if (value >= 1e4) return fmt::format("{:.1f}k", value / 1e3);
    return fmt::format("{:.4g}", value);
}

void print_machine(const machine& m, bool json) {
    if (json) {
        const nlohmann::ordered_json described = {{"cpu", m.cpu},
                                                  {"cores", m.cores},
                                                  {"kernel", m.kernel},
                                                  {"memory_mib", m.memory_mib},
                                                  {"filesystem", m.filesystem},
                                                  {"io_uring", m.io_uring},
                                                  {"transparent_huge_pages", m.huge_pages},
                                                  {"governor", m.governor},
                                                  {"compiler", m.compiler}};
        fmt::print("{}\n", nlohmann::ordered_json{{"machine", described}}.dump());
        return;
    }
    fmt::print("{}, {} cores, {} MiB, governor {}\n", m.cpu, m.cores, m.memory_mib, m.governor);
    fmt::print("kernel {}, {}, huge pages {}\n", m.kernel, m.io_uring, m.huge_pages);
    fmt::print("files on {}; built by {}\n\n", m.filesystem, m.compiler);
    fmt::print("{:<30} {:<24} {:<25} {:>8} {:>8} {:>7} {:>17}  {}\n", "case", "rival", "metric",
               "pelton", "rival", "ratio", "95 %", "bar");
}

}  // namespace

report::report(std::string bench, const settings& s) : bench_(std::move(bench)), json_(s.json) {
    print_machine(describe_machine(s.directory), json_);
}

void report::add(const std::string& case_name, const pairing& pairs, const std::vector<bar>& bars) {
    for (std::size_t m = 0; m < pairs.metrics().size(); ++m) {
        for (std::size_t rival = 1; rival < pairs.contenders().size(); ++rival) {
            row r{case_name,
                  pairs.contenders()[rival],
                  pairs.metrics()[m],
                  pairs.median(0, m),
                  pairs.median(rival, m),
                  pairs.ratio(0, rival, m),
                  {},
                  verdict::undecided};
            for (const bar& b : bars) {
                if (b.rival != rival || b.metric != m) continue;
                r.bar_ratio = b.ratio;
                r.judged = judge(r.ratio, b.ratio, r.what.direction);
            }
            print(r);
        }
    }
}

void report::add_exact(const std::string& case_name, const std::string& rival, const metric& what,
                       double ours, double theirs, std::optional<double> bar_ratio) {
    const double ratio = ours / theirs;
    row r{case_name, rival, what, ours, theirs, {ratio, ratio, ratio}, bar_ratio, verdict::missed};
    if (bar_ratio) r.judged = judge(r.ratio, *bar_ratio, what.direction);
    print(r);
}

void report::note(std::string_view sentence) const {
    fmt::print(json_ ? stderr : stdout, "{}\n", sentence);
    std::fflush(stdout);
}

void report::print_json(const row& r) const {
    nlohmann::ordered_json line = {{"bench", bench_},
                                   {"case", r.case_name},
                                   {"rival", r.rival},
                                   {"metric", r.what.name},
                                   {"better", std::string(name_of(r.what.direction))},
                                   {"pelton", r.ours},
                                   {"other", r.theirs},
                                   {"ratio", r.ratio.median},
                                   {"lo", r.ratio.lo},
                                   {"hi", r.ratio.hi}};
    if (r.bar_ratio) {
        line["bar"] = *r.bar_ratio;
        line["verdict"] = std::string(bench::name_of(r.judged));
    }
    fmt::print("{}\n", line.dump());
}

void report::print(const row& r) {
    if (json_) {
        print_json(r);
    } else {
        const std::string judged =
            r.bar_ratio
                ? fmt::format("{} {:.3f}: {}",
                              r.what.direction == better::higher ? ">=" : "<=", *r.bar_ratio,
                              bench::name_of(r.judged))
                : std::string();
        fmt::print("{:<30} {:<24} {:<25} {:>8} {:>8} {:>7.3f} [{:>7.3f},{:>7.3f}]  {}\n",
                   r.case_name == last_case_ ? "" : r.case_name, r.rival, r.what.name,
                   amount(r.ours), amount(r.theirs), r.ratio.median, r.ratio.lo, r.ratio.hi,
                   judged);
        last_case_ = r.case_name;
    }
    std::fflush(stdout);
}

}  // namespace pelton::bench
