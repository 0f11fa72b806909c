// Whole transfers that are stopped, interrupted or fail midway.
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <vector>

using namespace pelton;

namespace {

test::two_ends small_pipe() {
    auto ends = test::make_pipe();
    test::required(::fcntl(ends.in.get(), F_SETPIPE_SZ, 4096), "fcntl");
    return ends;
}

}  // namespace

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
