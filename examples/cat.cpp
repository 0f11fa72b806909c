// cat: reads a file through registered pages and writes it to standard output.
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/standard_stream.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

// One sentence for a person, and the exit code.
int failed(const char* what, std::error_code why) {
    fmt::print(stderr, "cat: {}: {}\n", what, why.message());
    return 1;
}

pelton::task<int> cat(pelton::shard& here, const char* path) {
    auto in = co_await pelton::file::open(here, path, pelton::open_mode::read);
    if (!in) co_return failed(path, in.error());
    auto pages = co_await here.pages().take(64);  // one run; waits when the pool is empty
    if (!pages) co_return failed("pages", pages.error());
    for (std::uint64_t at = 0;;) {
        auto got = co_await in->read_at(at, *pages);  // READ_FIXED, chosen by the ring
        if (!got) co_return failed(path, got.error());
        if (*got == 0) co_return 0;
        auto put = co_await pelton::standard_output(here).write_all(pages->first(*got));
        if (!put) co_return failed("standard output", put.error());
        at += *got;
    }
}

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: cat FILE\n");
        return 2;
    }
    return pelton::run([&](pelton::shard& here) { return cat(here, argv[1]); });
}
