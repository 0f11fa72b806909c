// pelcp: copies files and trees, and says what went wrong as cp does.
#include <pelton/examples/pelcp/command_line.hpp>
#include <pelton/examples/pelcp/kernel_info.hpp>
#include <pelton/examples/pelcp/operands.hpp>
#include <pelton/examples/pelcp/reporter.hpp>
#include <pelton/examples/pelcp/summary.hpp>
#include <pelton/examples/pelcp/walk.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <thread>

namespace {

using namespace pelcp;

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
    {
        walk tree(here, shop, told);
        const int into = way.directory ? way.directory.number() : AT_FDCWD;
        for (auto& round : way.rounds) {
            co_await tree.run(round, into, way.prefix);
        }
    }
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
    with.blocking_threads_max = std::max(2U, std::thread::hardware_concurrency());
    if (given->kernel_info) {
        return pelton::run(with, [](pelton::shard& here) { return show_kernel_info(here); });
    }
    return pelton::run(with, [&](pelton::shard& here) { return copy(here, *given); });
}
