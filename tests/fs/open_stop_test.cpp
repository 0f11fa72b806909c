// What a stop request does to an open, and opens that wait for somebody else.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <array>
#include <random>
#include <string>

using namespace pelton;
using test::on_shard;

namespace {

// Through the ring, and through a thread where the ring lacks openat2.
constexpr std::array<std::string_view, 2> ways{"", "openat2"};

std::string make_fifo(const test::scratch_directory& directory) {
    auto path = directory / "fifo";
    test::required(::mkfifo(path.c_str(), 0600), "mkfifo");
    return path;
}

}  // namespace

TEST_CASE("an open that is done when the stop request comes yields its file") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = test::make_file(directory / "file", {});
        here.open_door();  // a descriptor, which blocking calls would bring later
        const auto before = test::open_descriptors();
        int opened = 0;
        auto open = [&]() -> task<> {
            const auto got = co_await file::open(here, path, open_mode::read);
            opened += got ? 1 : 0;
        };
        for (int round = 0; round < 100; ++round) {
            auto body = [&](children& kids) -> task<> {
                kids.spawn(open);
                // One enter does both, and the open's task is resumed after this one.
                static_cast<void>(co_await nop(here));
                kids.request_stop();
            };
            co_await scope(body);
        }
        CHECK(opened > 0);
        CHECK(test::open_descriptors() == before);
    });
}

TEST_CASE("opens that are cancelled at any moment leak no descriptor") {
    const test::scratch_directory directory;
    const auto path = test::make_file(directory / "file", {});
    for (const auto way : ways) {
        on_shard(test::masked(way), [&](shard& here) -> task<> {
            here.open_door();
            std::mt19937_64 any(10'000);
            const int rounds = way.empty() ? 10'000 : 1'000;
            int opened = 0;
            int cancelled = 0;
            const auto before = test::open_descriptors();
            for (int round = 0; round < rounds; ++round) {
                // Made or truncated, it is opened by a kernel thread, otherwise at once.
                const auto mode =
                    any() % 2 == 0 ? open_mode::read : open_mode::write | open_mode::create;
                auto open = [&]() -> task<> {
                    const auto got = co_await file::open(here, path, mode);
                    ++(got ? opened : cancelled);
                    if (!got) {
                        CHECK(got.error() == std::errc::operation_canceled);
                    }
                };
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(open);
                    for (auto turns = any() % 4; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
            }
            CHECK(opened + cancelled == rounds);
            CHECK(opened > 0);
            CHECK(cancelled > 0);
            CHECK(test::open_descriptors() == before);
        });
    }
}

TEST_CASE("opening a FIFO waits for its other side, whichever comes first") {
    for (const bool reader_first : {true, false}) {
        CAPTURE(reader_first);
        on_shard([reader_first](shard& here) -> task<> {
            const test::scratch_directory directory;
            const auto path = make_fifo(directory);
            std::string arrived;
            auto read = [&]() -> task<> {
                auto from = co_await file::open(here, path, open_mode::read);
                REQUIRE_MESSAGE(from.has_value(), from.error().message());
                std::array<char, 100> memory{};
                const auto got =
                    co_await from->read_exactly_at(0, std::as_writable_bytes(std::span(memory)));
                REQUIRE(got.has_value());
                arrived.assign(memory.data(), *got);
            };
            auto write = [&]() -> task<> {
                auto into = co_await file::open(here, path, open_mode::write);
                REQUIRE_MESSAGE(into.has_value(), into.error().message());
                const auto put = co_await into->write_all_at(0, areas::for_write("through a FIFO"));
                CHECK(put.has_value());
            };
            auto body = [&](children& kids) -> task<> {
                reader_first ? kids.spawn(read) : kids.spawn(write);
                for (int turns = 0; turns < 20; ++turns) {
                    static_cast<void>(co_await yield());
                }
                CHECK(kids.running() == 2);
                reader_first ? kids.spawn(write) : kids.spawn(read);
            };
            co_await scope(body);
            CHECK(arrived == "through a FIFO");
        });
    }
}

TEST_CASE("opening a FIFO does not wait when it is told not to") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = make_fifo(directory);
        const auto read = co_await file::open(here, path, open_mode::read | open_mode::non_block);
        CHECK(read.has_value());
        const auto both = co_await file::open(here, path, open_mode::read_write);
        CHECK(both.has_value());
    });
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto write = co_await file::open(here, make_fifo(directory),
                                               open_mode::write | open_mode::non_block);
        REQUIRE(!write.has_value());
        CHECK(write.error() == std::errc::no_such_device_or_address);
    });
}

TEST_CASE("an open that waits for a FIFO's other side can be cancelled at any moment") {
    for (const auto mode : {open_mode::read, open_mode::write}) {
        on_shard([mode](shard& here) -> task<> {
            if (!here.known().has(feature::openat2)) {
                pelton_test::skip("a thread opens it, and its wait cannot be cancelled");
                co_return;
            }
            const test::scratch_directory directory;
            const auto path = make_fifo(directory);
            here.open_door();  // a descriptor, which blocking calls would bring later
            const auto before = test::open_descriptors();
            auto open = [&]() -> task<> {
                const auto got = co_await file::open(here, path, mode);
                REQUIRE(!got.has_value());
                CHECK(got.error() == std::errc::operation_canceled);
            };
            for (int round = 0; round < 200; ++round) {
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(open);
                    for (int turns = round % 10; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
            }
            CHECK(test::open_descriptors() == before);
        });
    }
}
