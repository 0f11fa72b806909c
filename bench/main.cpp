// pelton-bench: Pelton beside what a careful programmer would write without it.
#include <pelton/bench/echo/echo.hpp>
#include <pelton/bench/nop/nop.hpp>

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
    auto* echo = add("echo", "TCP echo: server CPU for each request");
    CLI11_PARSE(app, argc, argv);
    if (*nop) return run_nop(s, nop_own);
    if (*echo) return run_echo(s);
    return 0;
}
