// cat: reads a file through registered pages and writes it to standard output.
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/standard_stream.hpp>
#include <pelton/runtime/runtime.hpp>

#include <cstdio>

pelton::task<pelton::result<void>> cat(pelton::shard& here, std::string path) {
    auto in = co_await pelton::file::open(here, path, pelton::open_mode::read);
    if (!in) co_return std::unexpected(in.error());
    auto pages = co_await here.pages().take(64);  // one run; waits when the pool is empty
    if (!pages) co_return std::unexpected(pages.error());
    for (std::uint64_t at = 0;;) {
        auto got = co_await in->read_at(at, *pages);  // READ_FIXED, chosen by the ring
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return {};
        auto put = co_await pelton::standard_output(here).write_all(pages->first(*got));
        if (!put) co_return std::unexpected(put.error());
        at += *got;
    }
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: cat FILE\n", stderr);
        return 2;
    }
    return pelton::run([&](pelton::shard& here) { return cat(here, argv[1]); });
}
