// pelton-bench: Pelton beside what a careful programmer would write without it.
#include <pelton/bench/cancel/cancel.hpp>
#include <pelton/bench/copy/copy.hpp>
#include <pelton/bench/echo/echo.hpp>
#include <pelton/bench/fallback/fallback.hpp>
#include <pelton/bench/kiobuf/kiobuf.hpp>
#include <pelton/bench/nop/nop.hpp>
#include <pelton/bench/read/read.hpp>
#include <pelton/bench/scatter/scatter.hpp>
#include <pelton/bench/shards/shards.hpp>
#include <pelton/bench/ways/ways.hpp>
#include <pelton/bench/zerocopy/zerocopy.hpp>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    using namespace pelton::bench;
    CLI::App app{"Pelton measured against hand-written rivals; see bench/README.md"};
    app.require_subcommand(1);
    settings s;
    const auto add = [&](const char* name, const char* what) {
        CLI::App* sub = app.add_subcommand(name, what);
        sub->add_flag("--json", s.json, "one JSON object a line");
        sub->add_option("--pairs", s.pairs, "pairs of samples for each ratio");
        sub->add_option("--seconds", s.seconds, "length of one sample");
        sub->add_option("--dir", s.directory, "where test files go");
        sub->add_option("--case", s.only, "only cases whose name contains this");
        sub->add_flag("--quick", s.quick, "few, short samples; not to be quoted");
        return sub;
    };
    nop_settings nop_own;
    auto* nop = add("nop", "round trips that do nothing: time, or instructions");
    nop->add_flag("--callgrind", nop_own.callgrind, "count user instructions; fails over the bar");
    nop->add_option("--single", nop_own.single)->group("");
    nop->add_option("--depth", nop_own.depth)->group("");
    nop->add_option("--operations", nop_own.operations)->group("");
    read_settings read_own;
    auto* read = add("read", "random reads, cached and O_DIRECT");
    read->add_flag("--callgrind", read_own.callgrind, "count user instructions");
    read->add_option("--single", read_own.single)->group("");
    read->add_option("--depth", read_own.depth)->group("");
    read->add_option("--operations", read_own.operations)->group("");
    auto* scatter = add("scatter", "O_DIRECT reads into scattered pages: CPU for each read");
    auto* kiobuf = add("kiobuf", "the ladder from Linux 2.4's kiobufs to areas");
    copy_settings copy_own;
    auto* copy = add("copy", "pelcp beside cp and dd");
    copy->add_option("--pelcp", copy_own.pelcp, "default: as built with this program");
    copy->add_option("--large-mib", copy_own.large_mib, "size of the large file");
    copy->add_option("--small-files", copy_own.small_files, "files in the tree");
    auto* echo = add("echo", "TCP echo: server CPU for each request");
    auto* ways = add("ways", "operations on files by the ring, and by a thread");
    cancel_settings cancel_own;
    auto* cancel = add("cancel", "deadlines that do not pass, and a million timers");
    cancel->add_flag("--callgrind", cancel_own.callgrind, "count user instructions");
    cancel->add_option("--single", cancel_own.single)->group("");
    cancel->add_option("--operations", cancel_own.operations)->group("");
    auto* shards = add("shards", "calls between shards, and tasks started and joined");
    auto* fallback = add("fallback", "what each masked kernel feature costs");
    auto* zerocopy = add("zerocopy", "sends of pages with and without a copy");
    CLI11_PARSE(app, argc, argv);
    if (*nop) return run_nop(s, nop_own);
    if (*read) return run_read(s, read_own);
    if (*scatter) return run_scatter(s);
    if (*kiobuf) return run_kiobuf(s);
    if (*copy) return run_copy(s, copy_own);
    if (*echo) return run_echo(s);
    if (*ways) return run_ways(s);
    if (*cancel) return run_cancel(s, cancel_own);
    if (*shards) return run_shards(s);
    if (*fallback) return run_fallback(s);
    if (*zerocopy) return run_zerocopy(s);
    return 0;
}
