#include <pelton/bench/copy/copy.hpp>
#include <pelton/bench/copy/small_tree.hpp>
#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace pelton::bench {
namespace {

namespace files = std::filesystem;

// The arguments that copy `from` to `to`, which does not exist.
using command =
    std::function<std::vector<std::string>(const std::string& from, const std::string& to)>;

struct tool {
    std::string name;
    command copy;
};

struct copy_case {
    std::string name;
    std::string source;
    std::vector<tool> tools;
    bool synced;
    std::function<void()> prepare;  // the source's cache
    std::function<bool(const std::string& copy)> faithful;
};

void sync_filesystem(const std::string& directory) {
    const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || syncfs(descriptor) != 0) fatal("cannot sync the benchmark's filesystem");
    close(descriptor);
}

// Makes every file of the machine cold. Only root may.
void drop_all_caches() {
    std::ofstream knob("/proc/sys/vm/drop_caches");
    knob << "3" << std::flush;
    check(knob.good(), "cannot drop the page cache");
}

// Every copy is new and goes to a name of its own; nothing dirty is left from the one before.
sample copy_once(const copy_case& c, const tool& with, const std::string& directory) {
    static unsigned number = 0;
    const std::string target = fmt::format("{}/copy.{}.{}", directory, getpid(), number++);
    sync_filesystem(directory);
    c.prepare();
    run_program({with.copy(c.source, target)[0], "--version"});  // the tool itself is never cold
    const double start = now();
    const run_cost cost = run_program(with.copy(c.source, target));
    if (c.synced) sync_filesystem(directory);
    const double wall = now() - start;
    check(cost.exit_code == 0, with.name + " failed");
    check(c.faithful(target), with.name + " made a copy that differs from its source");
    files::remove_all(target);
    return {wall, cost.cpu};
}

void run_case(const settings& s, report& out, const copy_case& c) {
    const std::string name = c.name + (c.synced ? ", synced" : "");
    if (!s.wants(name)) return;
    std::vector<std::string> names;
    for (const tool& each : c.tools)
        names.push_back(each.name);
    pairing pairs(names, {{"wall_seconds", better::lower}, {"cpu_seconds", better::lower}},
                  s.pairs_or(macro_pairs));
    for (const auto turn : pairs.turns()) {
        pairs.record(turn, copy_once(c, c.tools[turn.contender], s.directory));
    }
    out.add(name, pairs);
}

std::string find_pelcp(const std::string& given) {
    if (!given.empty()) return given;
    const files::path examples = files::path(own_path()).parent_path().parent_path() / "examples";
    return files::is_directory(examples / "pelcp") ? examples / "pelcp/pelcp" : examples / "pelcp";
}

void large_file(const settings& s, report& out, const std::string& pelcp, std::size_t mib) {
    const data_file source(s.directory, "large.data", std::uint64_t{mib} << 20);
    const std::vector<tool> tools = {
        {"pelton",
         [&](auto& from, auto& to) -> std::vector<std::string> { return {pelcp, from, to}; }},
        {"cp", [](auto& from, auto& to) -> std::vector<std::string> { return {"cp", from, to}; }},
        {"dd bs=1M", [](auto& from, auto& to) -> std::vector<std::string> {
             return {"dd", "bs=1M", "status=none", "if=" + from, "of=" + to};
         }}};
    const auto faithful = [&](const std::string& copy) { return same_bytes(source.path(), copy); };
    for (const bool synced : {false, true}) {
        run_case(s, out,
                 {fmt::format("{} MiB file, cached", mib), source.path(), tools, synced,
                  [&] { source.warm_cache(); }, faithful});
        run_case(s, out,
                 {fmt::format("{} MiB file, cold", mib), source.path(), tools, synced,
                  [&] { source.drop_cache(); }, faithful});
    }
}

void tree(const settings& s, report& out, const std::string& pelcp, std::size_t count) {
    const small_tree source(s.directory, count);
    const std::vector<tool> tools = {
        {"pelton",
         [&](auto& from, auto& to) -> std::vector<std::string> { return {pelcp, "-r", from, to}; }},
        {"cp -r",
         [](auto& from, auto& to) -> std::vector<std::string> { return {"cp", "-r", from, to}; }}};
    const auto faithful = [&](const std::string& copy) {
        const auto wrong = source.first_difference_in(copy);
        if (wrong) fmt::print(stderr, "{} differs\n", *wrong);
        return !wrong;
    };
    for (const bool synced : {false, true}) {
        run_case(s, out,
                 {fmt::format("tree of {} files, cached", count), source.path(), tools, synced,
                  [&] { source.warm_cache(); }, faithful});
        if (geteuid() != 0) continue;  // a tree cannot be made cold by advice alone
        run_case(s, out,
                 {fmt::format("tree of {} files, cold", count), source.path(), tools, synced,
                  [] { drop_all_caches(); }, faithful});
    }
}

}  // namespace

int run_copy(const settings& s, const copy_settings& own) {
    const std::string pelcp = find_pelcp(own.pelcp);
    if (access(pelcp.c_str(), X_OK) != 0) {
        fmt::print(stderr, "pelcp is not at {}: build it, or name it with --pelcp\n", pelcp);
        return 1;
    }
    report out("copy", s);
    large_file(s, out, pelcp, s.quick ? own.large_mib / 8 : own.large_mib);
    tree(s, out, pelcp, s.quick ? own.small_files / 4 : own.small_files);
    return 0;
}

}  // namespace pelton::bench
