// Transfers that are resumed until all is done.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <vector>

using namespace pelton;

namespace {

constexpr std::size_t bytes_in_all = 300'000;

test::two_ends small_pipe() {
    auto ends = test::make_pipe();
    test::required(::fcntl(ends.in.get(), F_SETPIPE_SZ, 4096), "fcntl");
    return ends;
}

// Enough areas that several operations are needed for them alone.
std::vector<area> areas_over(std::span<std::byte> memory) {
    test::generator any(7);
    return test::scatter(any, memory, 3000);
}

void a_whole_write_meets_a_whole_read(options with) {
    auto from = test::random_bytes(bytes_in_all, 1);
    std::vector<std::byte> into(bytes_in_all);
    const auto out = areas_over(from);
    const auto in = areas_over(into);
    const auto sent = areas(std::span(out)).skip(3);
    const auto received = areas(std::span(in)).skip(3);
    const auto ends = small_pipe();
    std::uint64_t resubmits = 0;
    test::on_shard(std::move(with), [&](shard& here) -> task<> {
        target write_end(ends.in.get(), true);
        target read_end(ends.out.get(), true);
        std::size_t wrote = 0;
        std::size_t read = 0;
        auto write = [&]() -> task<> {
            const auto put = co_await whole_transfer(here, direction::writing, write_end, sent,
                                                     target::no_position, &wrote);
            REQUIRE(put.has_value());
            CHECK(*put == sent.bytes());
        };
        auto take = [&]() -> task<> {
            const auto got = co_await whole_transfer(here, direction::reading, read_end, received,
                                                     target::no_position, &read);
            REQUIRE(got.has_value());
            CHECK(*got == received.bytes());
        };
        co_await when_all(write(), take());
        CHECK(wrote == sent.bytes());
        CHECK(read == received.bytes());
        resubmits = here.completions().counters().resubmits;
    });
    CHECK(resubmits > 10);
    CHECK(test::gather(sent) == test::gather(received));
}

}  // namespace

TEST_CASE("a whole write through a small pipe meets a whole read, short at every step") {
    for (const auto mask : {"", "readv_fixed,writev_fixed", "readv,writev", "read,write"}) {
        CAPTURE(mask);
        a_whole_write_meets_a_whole_read(test::masked(mask));
    }
}

TEST_CASE("a whole write meets a whole read on a ring of two entries") {
    a_whole_write_meets_a_whole_read(test::narrow());
}

TEST_CASE("a whole write of more than 1024 areas to a file leaves no gap") {
    const test::scratch_directory directory;
    auto from = test::random_bytes(bytes_in_all, 2);
    const auto entries = areas_over(from);
    const auto view = areas(std::span(entries)).skip(1);
    for (const auto mask : {"", "readv,writev"}) {
        CAPTURE(mask);
        const auto path = test::make_file(directory / "file", {});
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            const test::descriptor file(test::required(::open(path.c_str(), O_RDWR), "open"));
            target on(file.get(), true);
            std::size_t moved = 0;
            const auto put =
                co_await whole_transfer(here, direction::writing, on, view, 1000, &moved);
            REQUIRE(put.has_value());
            CHECK(*put == view.bytes());
            CHECK(moved == view.bytes());
        });
        auto expected = test::gather(view);
        expected.insert(expected.begin(), 1000, std::byte{0});
        CHECK(test::bytes_of(path) == expected);
    }
}

TEST_CASE("a whole read that meets the end of the file yields what there was") {
    const test::scratch_directory directory;
    const auto content = test::random_bytes(5000, 3);
    const auto path = test::make_file(directory / "file", content);
    test::on_shard(options{}, [&](shard& here) -> task<> {
        const test::descriptor file(test::required(::open(path.c_str(), O_RDONLY), "open"));
        target on(file.get(), true);
        std::vector<std::byte> memory(8192);
        std::size_t moved = 99;
        const auto got =
            co_await whole_transfer(here, direction::reading, on, std::span(memory), 10, &moved);
        REQUIRE(got.has_value());
        CHECK(*got == 4990);
        CHECK(moved == 4990);
        CHECK(std::ranges::equal(std::span(memory).first(4990), std::span(content).subspan(10)));
        const auto none =
            co_await whole_transfer(here, direction::reading, on, std::span(memory), 5000, &moved);
        REQUIRE(none.has_value());
        CHECK(*none == 0);
        CHECK(moved == 0);
    });
}

TEST_CASE("a whole read of a pipe whose writer leaves yields what had come") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        auto ends = test::make_pipe();
        const auto sent = test::random_bytes(1000, 4);
        test::write_fully(ends.in.get(), sent);
        ends.in.close();
        std::vector<std::byte> memory(5000);
        target on(ends.out.get(), true);
        const auto got = co_await whole_transfer(here, direction::reading, on, std::span(memory),
                                                 target::no_position, nullptr);
        REQUIRE(got.has_value());
        CHECK(*got == 1000);
        CHECK(std::ranges::equal(std::span(memory).first(1000), sent));
    });
}

TEST_CASE("a whole transfer of no bytes is done with none") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const auto ends = test::make_pipe();
        target on(ends.in.get(), true);
        std::size_t moved = 5;
        const auto put = co_await whole_transfer(here, direction::writing, on, areas(),
                                                 target::no_position, &moved);
        REQUIRE(put.has_value());
        CHECK(*put == 0);
        CHECK(moved == 0);
    });
}
