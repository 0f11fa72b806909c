// pelcp: copies files and trees, and says what went wrong as cp does.
#include <pelton/examples/pelcp/command_line.hpp>
#include <pelton/examples/pelcp/kernel_info.hpp>
#include <pelton/examples/pelcp/operands.hpp>
#include <pelton/examples/pelcp/progress.hpp>
#include <pelton/examples/pelcp/reporter.hpp>
#include <pelton/examples/pelcp/summary.hpp>
#include <pelton/examples/pelcp/walk.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <string_view>
#include <thread>

namespace {

using namespace pelcp;

// More than there are cores: on a tree that is not cached the threads wait for the disk, and the
// more reads are under way the sooner they are done (8 take half the time of 2, on two cores). On
// one that is cached it makes no difference.
unsigned copying_threads() {
    return std::clamp(4 * std::thread::hardware_concurrency(), 8U, 32U);
}

pelton::task<> copy_rounds(pelton::shard& here, workshop& shop, reporter& told,
                           const itinerary& way) {
    walk tree(here, shop, told, copying_threads());
    const int into = way.directory ? way.directory.number() : AT_FDCWD;
    for (const auto& round : way.rounds) {
        co_await tree.run(round, into, way.prefix);
    }
    if (shop.wanted.sync) {
        co_await tree.sync();
    }
}

// The copy, and beside it the line that tells how far it is.
pelton::task<> copy_shown(pelton::shard& here, workshop& shop, reporter& told,
                          const itinerary& way) {
    survey counted(shop);
    auto body = [&](pelton::children& beside) -> pelton::task<> {
        if (shows_progress(here.calls(), shop.wanted)) {
            beside.spawn([&] { return show_progress(here, shop, told, counted); }, "progress");
            beside.spawn([&] { return take_survey(here, counted, way.rounds); }, "survey");
        }
        co_await copy_rounds(here, shop, told, way);
        counted.stop();
        beside.request_stop();
    };
    co_await pelton::scope(body);
}

pelton::task<int> copy(pelton::shard& here, command& given) {
    workshop shop(here.calls(), given.wanted);
    reporter told(shop);
    const auto started_ns = here.calls().now_ns();

    folder nowhere;
    nowhere.source = AT_FDCWD;
    job planning(shop, nowhere);
    auto way = plan(planning, std::move(given.operands));
    told.take(std::move(planning.counts));
    if (way.misused) {
        point_at_help();
    }
    co_await copy_shown(here, shop, told, way);
    told.show("");
    if (given.wanted.json) {
        print_summary(told.total(), here.calls().now_ns() - started_ns);
    }
    if (std::fflush(stdout) != 0) {
        fmt::print(stderr, "pelcp: write error\n");
        co_return 1;
    }
    co_return told.total().errors == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");  // which characters can be printed
    auto [given, code] = parse(argc, argv);
    if (!given) {
        return code;
    }
    pelton::options with;
    with.page_bytes = std::size_t{8} << 20;  // the pieces of two large files
    with.ring.sq_entries = 64;  // pieces of large files; a small ring is little memory to lock
    with.blocking_threads_max = copying_threads() + 1;  // one counts what there is to copy
    if (!given->kernel_info && !given->wanted.verbose) {
        with.notice = [](std::string_view) {};  // of a slower start: --kernel-info tells as well
    }
    if (given->kernel_info) {
        return pelton::run(with, [](pelton::shard& here) { return show_kernel_info(here); });
    }
    return pelton::run(with, [&](pelton::shard& here) { return copy(here, *given); });
}
