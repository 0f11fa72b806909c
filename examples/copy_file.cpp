// copy_file: eight pieces of a file in flight at once, each read into pages and written from them.
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/runtime.hpp>

#include <algorithm>
#include <cstdio>

using pelton::open_mode;
using pelton::result;
using pelton::task;

constexpr std::size_t piece_pages = 256;  // 1 MiB
constexpr int pieces = 8;

// Takes the next piece until none is left. The offset is shared by all: they run on one thread.
task<result<void>> worker(pelton::shard& here, pelton::file& from, pelton::file& into,
                          std::uint64_t& next, std::uint64_t size) {
    auto pages = co_await here.pages().take(piece_pages);
    if (!pages) co_return std::unexpected(pages.error());
    while (next < size) {
        const auto at = next;
        const auto wanted = std::min<std::uint64_t>(size - at, pages->size());
        next += wanted;
        auto got = co_await from.read_exactly_at(at, pages->first(wanted));
        if (!got) co_return std::unexpected(got.error());
        auto put = co_await into.write_all_at(at, pages->first(*got));
        if (!put) co_return std::unexpected(put.error());
    }
    co_return {};
}

task<result<void>> copy(pelton::shard& here, std::string source, std::string target) {
    auto from = co_await pelton::file::open(here, source, open_mode::read);
    if (!from) co_return std::unexpected(from.error());
    auto size = co_await from->size();
    if (!size) co_return std::unexpected(size.error());
    auto into = co_await pelton::file::open(
        here, target, open_mode::write | open_mode::create | open_mode::truncate);
    if (!into) co_return std::unexpected(into.error());

    std::uint64_t next = 0;
    auto body = [&](pelton::children& workers) -> task<result<void>> {
        for (int i = 0; i < pieces; ++i) {
            workers.spawn([&] { return worker(here, *from, *into, next, *size); });
        }
        co_return {};
    };
    if (auto copied = co_await pelton::scope(body); !copied) co_return copied;
    co_return co_await into->close();  // an earlier write's error may surface only here
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: copy_file SOURCE TARGET\n", stderr);
        return 2;
    }
    return pelton::run([&](pelton::shard& here) { return copy(here, argv[1], argv[2]); });
}
