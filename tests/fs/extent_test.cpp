// The room a file has: grown, punched, zeroed, taken out, put in, cut; and advice about its pages.
#include "fs/ways.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/memory_advice.hpp>

#include <doctest/doctest.h>

#include <sys/mman.h>

#include <algorithm>
#include <vector>

using namespace pelton;
using test::every_way;
using test::on_shard;

namespace {

constexpr std::uint64_t block = 4096;

// A file of eight blocks, the first filled with 1, the second with 2, and so on.
std::vector<std::byte> eight_blocks() {
    std::vector<std::byte> bytes;
    for (int i = 1; i <= 8; ++i) {
        bytes.insert(bytes.end(), block, std::byte(i));
    }
    return bytes;
}

// What each block of the file is filled with, and -1 for one that is not of one value.
std::vector<int> blocks_of(const std::string& path) {
    const auto bytes = test::bytes_of(path);
    std::vector<int> values;
    for (std::size_t at = 0; at < bytes.size(); at += block) {
        const auto end = std::min<std::size_t>(bytes.size(), at + block);
        const bool same = std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(end),
                                      [&](std::byte each) { return each == bytes[at]; });
        values.push_back(same ? static_cast<int>(bytes[at]) : -1);
    }
    return values;
}

using values = std::vector<int>;

// Whether the file system lacks the mode, which is then said.
bool lacks(const result<void>& done, const char* mode) {
    if (done || done.error() != std::errc::operation_not_supported) {
        return false;
    }
    MESSAGE("this file system has no ", mode);
    return true;
}

}  // namespace

TEST_CASE("room can be had with and without the file growing, and a hole reads as zeros") {
    every_way("fallocate", 4, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        const auto kept = co_await on->allocate(8 * block, block, allocation::keep_size, chosen);
        CHECK((lacks(kept, "room beyond the end") || kept.has_value()));
        CHECK(blocks_of(path) == values{1, 2, 3, 4, 5, 6, 7, 8});
        CHECK((co_await on->allocate(8 * block, block, allocation::grow, chosen)).has_value());
        CHECK(blocks_of(path) == values{1, 2, 3, 4, 5, 6, 7, 8, 0});
        CHECK(
            (co_await on->allocate(block, 2 * block, allocation::punch_hole, chosen)).has_value());
        CHECK(blocks_of(path) == values{1, 0, 0, 4, 5, 6, 7, 8, 0});
        const auto none = co_await on->allocate(0, 0, allocation::grow, chosen);
        CHECK(none.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a range is zeroed, taken out or put in where the file system can do that") {
    every_way("fallocate", 4, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        const auto zeroed = co_await on->allocate(0, block, allocation::zero, chosen);
        if (!lacks(zeroed, "zero range")) {
            CHECK(blocks_of(path) == values{0, 2, 3, 4, 5, 6, 7, 8});
        }
        const auto kept =
            co_await on->allocate(7 * block, 2 * block, allocation::zero_keep_size, chosen);
        if (!lacks(kept, "zero range")) {
            CHECK(blocks_of(path) == values{0, 2, 3, 4, 5, 6, 7, 0});
        }
        const auto taken = co_await on->allocate(block, 2 * block, allocation::collapse, chosen);
        if (!lacks(taken, "collapse range")) {
            CHECK(blocks_of(path) == values{0, 4, 5, 6, 7, 0});
        }
        const auto put = co_await on->allocate(2 * block, block, allocation::insert, chosen);
        if (!lacks(put, "insert range")) {
            CHECK(blocks_of(path) == values{0, 4, 0, 5, 6, 7, 0});
        }
    });
}

TEST_CASE("a file is cut and grown to any size") {
    every_way("ftruncate", 3, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        CHECK((co_await on->truncate(block, chosen)).has_value());
        CHECK((co_await on->truncate(2 * block, chosen)).has_value());
        CHECK(blocks_of(path) == values{1, 0});
        const auto negative = co_await on->truncate(UINT64_MAX, chosen);
        CHECK(negative.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a range of pages is written, and waited for, of any length") {
    every_way("sync_file_range", 3, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        CHECK((co_await on->sync_range(0, block, range_sync::write, chosen)).has_value());
        CHECK((co_await on->sync_range(0, 0, range_sync::write_and_wait, chosen)).has_value());
        const auto negative = co_await on->sync_range(UINT64_MAX, 1, range_sync::write, chosen);
        CHECK(negative.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a length that an SQE has no room for goes to a thread") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        const auto before = here.counters().offloads;
        constexpr auto far = std::uint64_t{UINT32_MAX} + 1;
        CHECK((co_await on->sync_range(0, far, range_sync::write, via::ring)).has_value());
        CHECK((co_await on->advise(0, far, file_advice::sequential, via::ring)).has_value());
        CHECK(here.counters().offloads == before + 2);
    });
}

TEST_CASE("advice about a file's pages is taken, and of the wrong kind refused") {
    every_way("fadvise", 3, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", eight_blocks());
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        CHECK((co_await on->advise(0, 0, file_advice::sequential, chosen)).has_value());
        CHECK((co_await on->advise(0, block, file_advice::dont_need, chosen)).has_value());
        const auto wrong = co_await on->advise(0, 0, static_cast<file_advice>(77), chosen);
        CHECK(wrong.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("memory that is not needed reads as zeros afterwards") {
    every_way("madvise", 2, [](shard& here, via chosen) -> task<> {
        void* mapped =
            ::mmap(nullptr, 2 * block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(mapped != MAP_FAILED);
        const std::span memory(static_cast<std::byte*>(mapped), 2 * block);
        memory[0] = std::byte{1};
        memory[block] = std::byte{2};
        CHECK((co_await advise(here, memory.first(block), memory_advice::dont_need, chosen))
                  .has_value());
        CHECK(memory[0] == std::byte{0});
        CHECK(memory[block] == std::byte{2});
        const auto wrong = co_await advise(here, memory, static_cast<memory_advice>(7777), chosen);
        CHECK(wrong.error() == std::errc::invalid_argument);
        ::munmap(mapped, 2 * block);
    });
}
