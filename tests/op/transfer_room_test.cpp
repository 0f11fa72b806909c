// Transfers that wait for room, that have nothing to do, and what is counted of them.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace pelton;

TEST_CASE("64 cut reads of 1024 areas at once, on a ring of two entries, all complete") {
    const test::scratch_directory directory;
    const auto content = test::random_bytes(64 * 2048, 3);
    const auto path = test::make_file(directory / "file", content);
    for (const auto mask : {"", "readv_fixed", "registered_buffers"}) {
        CAPTURE(mask);
        test::on_shard(test::narrow(mask), [&](shard& here) -> task<> {
            if (!here.known().has(feature::readv)) {
                pelton_test::skip("without READV a transfer is one area, and needs no scratch");
                co_return;
            }
            const test::descriptor file(test::required(::open(path.c_str(), O_RDONLY), "open"));
            target on(file.get(), true);
            auto pages = here.pages().take_now(64);
            REQUIRE(pages.has_value());
            std::vector<std::vector<area>> arrays(64);
            auto read_part = [&](std::size_t part) -> task<> {
                // Two bytes in four, so that no two areas touch; the first byte is cut off.
                auto* const start = pages->data() + part * 4096;
                for (std::size_t i = 0; i < 1024; ++i) {
                    arrays[part].push_back({start + 4 * i, 2});
                }
                const auto view = areas(std::span(arrays[part])).skip(1);
                const auto got =
                    co_await transfer(here, direction::reading, on, view, part * 2048 + 1);
                REQUIRE(got.has_value());
                CHECK(*got == 2047);
                CHECK(std::ranges::equal(test::gather(view),
                                         std::span(content).subspan(part * 2048 + 1, 2047)));
            };
            std::vector<task<>> all;
            for (std::size_t part = 0; part < 64; ++part) {
                all.push_back(read_part(part));
            }
            co_await when_all(std::move(all));
        });
    }
}

TEST_CASE("transfers that find no scratch wait for the next enter, and none is lost") {
    const test::scratch_directory directory;
    const auto content = test::random_bytes(64 * 2048, 4);
    const auto path = test::make_file(directory / "file", content);
    test::on_shard(options{}, [&](shard& here) -> task<> {
        if (!here.known().has(feature::readv)) {
            pelton_test::skip("without READV a transfer is one area, and needs no scratch");
            co_return;
        }
        const test::descriptor file(test::required(::open(path.c_str(), O_RDONLY), "open"));
        target on(file.get(), true);
        std::vector<std::vector<std::byte>> memory(64, std::vector<std::byte>(4096));
        std::vector<std::vector<area>> arrays(64);
        auto read_part = [&](std::size_t part) -> task<> {
            for (std::size_t i = 0; i < 1024; ++i) {
                arrays[part].push_back({memory[part].data() + 4 * i, 2});
            }
            const auto view = areas(std::span(arrays[part])).first(2047);
            const auto got = co_await transfer(here, direction::reading, on, view, part * 2048);
            REQUIRE(got.has_value());
            CHECK(*got == 2047);
            CHECK(std::ranges::equal(test::gather(view),
                                     std::span(content).subspan(part * 2048, 2047)));
        };
        std::vector<task<>> all;
        for (std::size_t part = 0; part < 64; ++part) {
            all.push_back(read_part(part));
        }
        co_await when_all(std::move(all));
        CHECK(here.queues().counters().scratch_full > 0);
        CHECK(here.completions().counters().room_waits > 0);
    });
}

TEST_CASE("the shard counts what went fixed, what went plainly and what was short") {
    const test::scratch_directory directory;
    const auto path = test::make_file(directory / "file", test::random_bytes(100, 5));
    test::on_shard(options{}, [&](shard& here) -> task<> {
        const test::descriptor file(test::required(::open(path.c_str(), O_RDONLY), "open"));
        target on(file.get(), true);
        auto page = here.pages().take_now(1);
        REQUIRE(page.has_value());
        std::vector<std::byte> heap(100);
        const auto one = co_await transfer(here, direction::reading, on, page->first(100), 0);
        const auto two = co_await transfer(here, direction::reading, on, std::span(heap), 0);
        const auto past = co_await transfer(here, direction::reading, on, std::span(heap), 50);
        CHECK(one.has_value());
        CHECK(two.has_value());
        REQUIRE(past.has_value());
        CHECK(*past == 50);
        const bool fixed = here.pages().registered() && here.known().has(feature::read_fixed);
        CHECK(here.counters().fixed_transfers == (fixed ? 1 : 0));
        CHECK(here.counters().plain_transfers == (fixed ? 2 : 3));
        CHECK(here.counters().short_transfers == 1);
    });
}

TEST_CASE("a transfer of no bytes moves none") {
    const test::scratch_directory directory;
    const auto path = test::make_file(directory / "file", test::random_bytes(100, 5));
    for (const auto mask : {"", "read,write", "read,write,read_fixed,write_fixed"}) {
        CAPTURE(mask);
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            const test::descriptor file(test::required(::open(path.c_str(), O_RDWR), "open"));
            target on(file.get(), true);
            const auto read = co_await transfer(here, direction::reading, on, areas(), 0);
            REQUIRE(read.has_value());
            CHECK(*read == 0);
            const auto written = co_await transfer(here, direction::writing, on, areas(), 0);
            REQUIRE(written.has_value());
            CHECK(*written == 0);
        });
    }
}

TEST_CASE("a transfer on no descriptor is EBADF") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        target nothing;
        std::vector<std::byte> heap(10);
        const auto got = co_await transfer(here, direction::reading, nothing, std::span(heap), 0);
        REQUIRE(!got.has_value());
        CHECK(got.error() == std::errc::bad_file_descriptor);
    });
}
