// Transfers that are resumed until all is done.
#include "op/layout.hpp"
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/sleep.hpp>
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

TEST_CASE("a whole write stopped midway reports ECANCELED and how much was written") {
    auto ends = small_pipe();
    auto bytes = test::random_bytes(50'000, 5);
    for (const auto mask : {"", "writev_fixed,write_fixed"}) {
        CAPTURE(mask);
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            target on(ends.in.get(), true);
            std::size_t moved = 0;
            bool ended = false;
            std::vector<std::byte> arrived(6000);
            auto write = [&]() -> task<> {
                const auto put = co_await whole_transfer(
                    here, direction::writing, on, std::span(bytes), target::no_position, &moved);
                REQUIRE(!put.has_value());
                CHECK(put.error() == std::errc::operation_canceled);
                ended = true;
            };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(write);
                target read_end(ends.out.get(), true);
                const auto got =
                    co_await whole_transfer(here, direction::reading, read_end, std::span(arrived),
                                            target::no_position, nullptr);
                REQUIRE(got.has_value());
                REQUIRE(*got == arrived.size());
                kids.request_stop();
            };
            co_await scope(body);
            CHECK(ended);
            REQUIRE(moved >= arrived.size());
            CHECK(moved < bytes.size());
            // What `moved` counts, and nothing more, is in the pipe.
            std::vector<std::byte> rest(moved - arrived.size());
            if (!rest.empty()) {
                REQUIRE(::read(ends.out.get(), rest.data(), rest.size()) ==
                        static_cast<ssize_t>(rest.size()));
            }
            arrived.insert(arrived.end(), rest.begin(), rest.end());
            CHECK(std::ranges::equal(arrived, std::span(bytes).first(moved)));
            test::required(::fcntl(ends.out.get(), F_SETFL, O_NONBLOCK), "fcntl");
            CHECK(::read(ends.out.get(), rest.data(), 1) == -1);
            CHECK(errno == EAGAIN);
            test::required(::fcntl(ends.out.get(), F_SETFL, 0), "fcntl");
        });
    }
}

TEST_CASE("a whole transfer in a task that was asked to stop starts nothing") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const auto ends = test::make_pipe();
        auto bytes = test::random_bytes(100, 6);
        target on(ends.in.get(), true);
        std::size_t moved = 0;
        auto body = [&](children& kids) -> task<> {
            kids.request_stop();
            const auto put = co_await whole_transfer(here, direction::writing, on, std::span(bytes),
                                                     target::no_position, &moved);
            REQUIRE(!put.has_value());
            CHECK(put.error() == std::errc::operation_canceled);
        };
        co_await scope(body);
        CHECK(moved == 0);
    });
}

TEST_CASE("a whole read that a signal interrupted goes on") {
    const test::scratch_directory directory;
    const auto content = test::random_bytes(5000, 7);
    const auto path = test::make_file(directory / "file", content);
    test::meddling_ring kernel;
    kernel.answers = {-EINTR, -EINTR, 100, -EINTR};
    auto with = options{};
    with.ring_kernel = &kernel;
    test::on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::descriptor file(test::required(::open(path.c_str(), O_RDONLY), "open"));
        target on(file.get(), true);
        std::vector<std::byte> memory(5000);
        const auto got =
            co_await whole_transfer(here, direction::reading, on, std::span(memory), 0, nullptr);
        REQUIRE(got.has_value());
        CHECK(*got == 5000);
        CHECK(memory == content);
        CHECK(kernel.answers.empty());
        CHECK(here.completions().counters().resubmits == 4);
    });
}

TEST_CASE("a whole write that makes no progress ends with EIO instead of spinning") {
    const test::scratch_directory directory;
    const auto path = test::make_file(directory / "file", {});
    test::meddling_ring kernel;
    kernel.answers = {30, 0};
    auto with = options{};
    with.ring_kernel = &kernel;
    test::on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::descriptor file(test::required(::open(path.c_str(), O_RDWR), "open"));
        target on(file.get(), true);
        auto bytes = test::random_bytes(100, 8);
        std::size_t moved = 0;
        const auto put =
            co_await whole_transfer(here, direction::writing, on, std::span(bytes), 0, &moved);
        REQUIRE(!put.has_value());
        CHECK(put.error() == std::errc::io_error);
        CHECK(moved == 30);
    });
}

TEST_CASE("a whole write that fails after a short one tells the error and what was written") {
    const test::scratch_directory directory;
    const auto path = test::make_file(directory / "file", {});
    test::meddling_ring kernel;
    kernel.answers = {60, 20, -ENOSPC};
    auto with = options{};
    with.ring_kernel = &kernel;
    test::on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::descriptor file(test::required(::open(path.c_str(), O_RDWR), "open"));
        target on(file.get(), true);
        auto bytes = test::random_bytes(100, 8);
        std::size_t moved = 0;
        const auto put =
            co_await whole_transfer(here, direction::writing, on, std::span(bytes), 0, &moved);
        REQUIRE(!put.has_value());
        CHECK(put.error() == std::errc::no_space_on_device);
        CHECK(moved == 80);
    });
}

TEST_CASE("a transfer that a kernel thread gave up because of a stop request was cancelled") {
    // A read without poll support runs in a kernel thread, which answers a cancel with EINTR.
    for (const bool whole : {false, true}) {
        CAPTURE(whole);
        test::meddling_ring kernel;
        kernel.replace = [](int outcome) { return outcome == -ECANCELED ? -EINTR : outcome; };
        auto with = options{};
        with.ring_kernel = &kernel;
        const auto ends = test::make_pipe();
        test::on_shard(std::move(with), [&](shard& here) -> task<> {
            target on(ends.out.get(), true);
            std::vector<std::byte> memory(10);
            auto read = [&]() -> task<> {
                const auto got =
                    whole ? co_await whole_transfer(here, direction::reading, on, std::span(memory),
                                                    target::no_position, nullptr)
                          : co_await transfer(here, direction::reading, on, std::span(memory),
                                              target::no_position);
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
}
