// copy_file: eight pieces of a file in flight at once, each read into pages and written from them.
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <algorithm>

using pelton::open_mode;
using pelton::result;
using pelton::task;

constexpr std::size_t piece_pages = 256;  // 1 MiB
constexpr int pieces = 8;

// One sentence for a person, and the exit code.
int failed(const char* what, std::error_code why) {
    fmt::print(stderr, "copy_file: {}: {}\n", what, why.message());
    return 1;
}

// What the workers share, without a lock: they run on one thread.
struct job {
    pelton::file from;
    pelton::file into;
    std::uint64_t size;
    std::uint64_t next = 0;         // where the next piece begins
    const char* culprit = nullptr;  // what failed first; then all others are asked to stop

    auto blame(const char* what, std::error_code why) {
        culprit = culprit == nullptr ? what : culprit;
        return std::unexpected(why);
    }
};

// Takes the next piece until none is left.
task<result<void>> worker(pelton::shard& here, job& all, const char* source, const char* target) {
    auto pages = co_await here.pages().take(piece_pages);
    if (!pages) co_return all.blame("pages", pages.error());
    while (all.next < all.size) {
        const auto at = all.next;
        const auto wanted = std::min<std::uint64_t>(all.size - at, pages->size());
        all.next += wanted;
        auto got = co_await all.from.read_exactly_at(at, pages->first(wanted));
        if (!got) co_return all.blame(source, got.error());
        auto put = co_await all.into.write_all_at(at, pages->first(*got));
        if (!put) co_return all.blame(target, put.error());
    }
    co_return {};
}

task<int> copy(pelton::shard& here, const char* source, const char* target) {
    auto from = co_await pelton::file::open(here, source, open_mode::read);
    if (!from) co_return failed(source, from.error());
    auto size = co_await from->size();
    if (!size) co_return failed(source, size.error());
    auto into = co_await pelton::file::open(
        here, target, open_mode::write | open_mode::create | open_mode::truncate);
    if (!into) co_return failed(target, into.error());

    job all{std::move(*from), std::move(*into), *size};
    auto body = [&](pelton::children& workers) -> task<result<void>> {
        for (int i = 0; i < pieces; ++i) {
            workers.spawn([&] { return worker(here, all, source, target); });
        }
        co_return {};
    };
    if (auto done = co_await pelton::scope(body); !done)
        co_return failed(all.culprit, done.error());
    // An earlier write's error may surface only here.
    if (auto end = co_await all.into.close(); !end) co_return failed(target, end.error());
    co_return 0;
}

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: copy_file SOURCE TARGET\n");
        return 2;
    }
    return pelton::run([&](pelton::shard& here) { return copy(here, argv[1], argv[2]); });
}
