#include <pelton/bench/harness/pairing.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/bench/ways/ways.hpp>
#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>

namespace pelton::bench {
namespace {

constexpr std::uint64_t operations = 2'000;

// A directory with a name and an open file for each flow.
struct place {
    directory where;
    std::vector<file> files;
};

// `count` operations of flow number `flow`.
using work = std::function<task<>(shard&, place&, unsigned flow, via, std::uint64_t count)>;

struct one_case {
    const char* name;
    work does;
};

void must(bool done) {
    check(done, "an operation of the measurement failed");
}

task<> make_directories(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    const auto name = fmt::format("directory{}", flow);
    for (; count > 1; count -= 2) {
        const auto made = co_await in.where.make_directory(name, 0700, chosen);
        const auto gone = co_await in.where.remove_directory(name, chosen);
        must(made && gone);
    }
}

task<> create_files(shard& here, place& in, unsigned flow, via chosen, std::uint64_t count) {
    const auto name = fmt::format("created{}", flow);
    for (; count > 1; count -= 2) {
        const auto made =
            co_await file::open_at(in.where, name, open_mode::write | open_mode::create_new, 0600,
                                   lookup::anywhere, chosen);
        const auto gone = co_await in.where.remove(name, chosen);
        must(made && gone);
    }
    static_cast<void>(here);
}

task<> open_files(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    const auto name = fmt::format("file{}", flow);
    for (; count > 0; --count) {
        const auto opened =
            co_await file::open_at(in.where, name, open_mode::read, 0, lookup::anywhere, chosen);
        must(opened.has_value());
    }
}

task<> rename_files(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    const auto name = fmt::format("file{}", flow);
    const auto other = fmt::format("other{}", flow);
    for (; count > 1; count -= 2) {
        const auto there =
            co_await in.where.rename(name, in.where, other, renaming::replaces, chosen);
        const auto back =
            co_await in.where.rename(other, in.where, name, renaming::replaces, chosen);
        must(there && back);
    }
}

task<> stat_files(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    const auto name = fmt::format("file{}", flow);
    for (; count > 0; --count) {
        const auto told = co_await in.where.stat(name, {}, chosen);
        must(told.has_value());
    }
}

task<> allocate(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    for (; count > 1; count -= 2) {
        const auto grown =
            co_await in.files[flow].allocate(1 << 20, 65536, allocation::grow, chosen);
        const auto cut = co_await in.files[flow].truncate(1 << 20, chosen);
        must(grown && cut);
    }
}

task<> advise(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    for (; count > 0; --count) {
        const auto done = co_await in.files[flow].advise(0, 0, file_advice::sequential, chosen);
        must(done.has_value());
    }
}

template <std::size_t Bytes>
task<> write(shard&, place& in, unsigned flow, via chosen, std::uint64_t count) {
    static std::array<std::byte, Bytes> bytes{};
    for (; count > 0; --count) {
        const std::span memory(bytes);
        const auto put = chosen == via::ring
                             ? co_await in.files[flow].write_all_at(0, memory)
                             : co_await in.files[flow].write_all_by_thread(0, memory);
        must(put.has_value());
    }
}

constexpr unsigned flows_max = 16;

task<place> make_place(shard& here, const std::string& path) {
    std::filesystem::create_directory(path);
    auto where = co_await directory::open(here, path);
    check(where.has_value(), "the directory of the measurement cannot be opened");
    place made{std::move(*where), {}};
    for (unsigned flow = 0; flow < flows_max; ++flow) {
        const auto mode = open_mode::read_write | open_mode::create;
        const auto name = fmt::format("file{}", flow);
        auto opened = co_await file::open_at(made.where, name, mode);
        check(opened.has_value(), "a file of the measurement cannot be opened");
        must((co_await opened->truncate(1 << 20)).has_value());
        made.files.push_back(std::move(*opened));
    }
    co_return made;
}

task<> measure(shard& here, place& in, const one_case& one, unsigned flows, via chosen) {
    auto body = [&](children& kids) -> task<> {
        for (unsigned flow = 0; flow < flows; ++flow) {
            kids.spawn([&here, &in, &one, flow, chosen, flows] {
                return one.does(here, in, flow, chosen, operations / flows);
            });
        }
        co_return;
    };
    co_await scope(body);
}

task<> time_case(shard& here, const settings& s, report& out, place& in, const one_case& one,
                 unsigned flows, const std::string& system) {
    const auto name = fmt::format("{} {}, {} at once", system, one.name, flows);
    if (!s.wants(name)) {
        co_return;
    }
    pairing pairs({"ring", "thread"}, throughput_and_cpu(), s.pairs_or(macro_pairs));
    for (const auto turn : pairs.turns()) {
        const stopwatch watch;
        co_await measure(here, in, one, flows, turn.contender == 0 ? via::ring : via::thread);
        if (!turn.warm_up) {
            pairs.record(turn, watch.over(operations));
        }
    }
    out.add(name, pairs);
}

}  // namespace

int run_ways(const settings& s) {
    report out("ways", s);
    const std::array<one_case, 9> cases{{{"mkdir, rmdir", make_directories},
                                         {"create, unlink", create_files},
                                         {"open, close", open_files},
                                         {"rename", rename_files},
                                         {"statx", stat_files},
                                         {"fallocate, ftruncate", allocate},
                                         {"fadvise", advise},
                                         {"write 16 KiB", write<16384>},
                                         {"write 1 MiB", write<1048576>}}};
    const std::array<std::string, 2> bases{s.directory, "/dev/shm"};
    return run([&](shard& here) -> task<> {
        for (const auto& base : bases) {
            const auto path = fmt::format("{}/ways.{}", base, getpid());
            {
                auto in = co_await make_place(here, path);
                for (const auto& one : cases) {
                    for (const unsigned flows : {1U, flows_max}) {
                        co_await time_case(here, s, out, in, one, flows,
                                           base == "/dev/shm" ? "tmpfs" : "disk");
                    }
                }
            }
            std::filesystem::remove_all(path);
        }
    });
}

}  // namespace pelton::bench
