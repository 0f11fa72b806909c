// Standard streams, on pipes and files that stand for them.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/standard_stream.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

task<std::vector<std::byte>> read_to_the_end(standard_stream& from) {
    std::vector<std::byte> all;
    std::vector<std::byte> part(3000);
    for (;;) {
        const auto got = co_await from.read(std::span(part));
        REQUIRE_MESSAGE(got.has_value(), got.error().message());
        if (*got == 0) {
            co_return all;
        }
        all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*got));
    }
}

}  // namespace

TEST_CASE("a pipe is read to its end, whether or not it blocks") {
    for (const int flags : {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK}) {
        CAPTURE(flags);
        on_shard([flags](shard& here) -> task<> {
            auto ends = test::make_pipe(flags);
            auto sent = test::random_bytes(200'000, 1);
            std::vector<std::byte> arrived;
            auto read = [&]() -> task<> {
                standard_stream in(here, ends.out.get());
                arrived = co_await read_to_the_end(in);
            };
            auto write = [&]() -> task<> {
                standard_stream out(here, ends.in.get());
                std::size_t moved = 0;
                const auto put = co_await out.write_all(std::span(sent), &moved);
                REQUIRE_MESSAGE(put.has_value(), put.error().message());
                CHECK(moved == sent.size());
                ends.in.close();
            };
            co_await when_all(read(), write());
            CHECK(arrived == sent);
        });
    }
}

TEST_CASE("a file is read and written where its position is, and moves it") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto content = test::random_bytes(10'000, 1);
        const auto path = test::make_file(directory / "file", content);
        const test::descriptor from(test::required(::open(path.c_str(), O_RDONLY), "open"));
        test::required(static_cast<int>(::lseek(from.get(), 100, SEEK_SET)), "lseek");
        standard_stream in(here, from.get());
        const auto all = co_await read_to_the_end(in);
        CHECK(std::ranges::equal(all, std::span(content).subspan(100)));
        CHECK(::lseek(from.get(), 0, SEEK_CUR) == 10'000);

        const test::descriptor into(
            test::required(::open((directory / "copy").c_str(), O_WRONLY | O_CREAT, 0600), "open"));
        standard_stream out(here, into.get());
        for (const auto part : {std::span(content).first(4000), std::span(content).subspan(4000)}) {
            const auto put = co_await out.write_all(part);
            REQUIRE(put.has_value());
        }
        CHECK(test::bytes_of(directory / "copy") == content);
    });
}

TEST_CASE("a pipe whose reader is gone is EPIPE") {
    std::signal(SIGPIPE, SIG_IGN);
    on_shard([](shard& here) -> task<> {
        auto ends = test::make_pipe();
        ends.out.close();
        standard_stream out(here, ends.in.get());
        const auto put = co_await out.write_all(areas::for_write("nobody reads this"));
        REQUIRE(!put.has_value());
        CHECK(put.error() == std::errc::broken_pipe);
    });
    std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("a read that waits for input is cancelled by a stop request") {
    on_shard([](shard& here) -> task<> {
        const auto ends = test::make_pipe();
        standard_stream in(here, ends.out.get());
        std::byte one{};
        auto read = [&]() -> task<> {
            const auto got = co_await in.read(std::span(&one, 1));
            REQUIRE(!got.has_value());
            CHECK(got.error() == std::errc::operation_canceled);
        };
        auto body = [&](children& kids) -> task<> {
            kids.spawn(read);
            static_cast<void>(co_await yield());
            kids.request_stop();
        };
        co_await scope(body);
    });
}

TEST_CASE("a pipe is no terminal, and the standard streams are descriptors 0, 1 and 2") {
    on_shard([](shard& here) -> task<> {
        const auto ends = test::make_pipe();
        CHECK(!standard_stream(here, ends.out.get()).is_terminal());
        CHECK(standard_input(here).is_terminal() == (::isatty(0) == 1));
        CHECK(standard_output(here).is_terminal() == (::isatty(1) == 1));
        CHECK(standard_error(here).is_terminal() == (::isatty(2) == 1));
        co_return;
    });
}
