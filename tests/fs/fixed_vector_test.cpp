// READV_FIXED never reaches a file for which the kernel would take the array of areas for the data.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace pelton;

namespace {

// Sixteen areas of 100 bytes in registered pages, each in a page of its own.
std::vector<area> scattered(const lease& pages) {
    std::vector<area> made;
    for (std::size_t i = 0; i < 16; ++i) {
        made.push_back({pages.data() + i * 4096 + 8, 100});
    }
    return made;
}

// Reads through scattered registered areas and compares with what read(2) finds.
task<> read_and_compare(shard& here, std::string path) {
    CAPTURE(path);
    auto from = co_await file::open(here, path, open_mode::read);
    REQUIRE(from.has_value());
    auto pages = here.pages().take_now(16);
    REQUIRE(pages.has_value());
    const auto entries = scattered(*pages);
    const auto before = entries;
    const auto view = areas(std::span(entries));

    const auto got = co_await from->read_exactly_at(0, view);

    REQUIRE(got.has_value());
    CHECK(entries == before);
    std::vector<std::byte> expected(1600);
    const test::descriptor plain(test::required(::open(path.c_str(), O_RDONLY), "open"));
    std::size_t length = 0;
    while (length < expected.size()) {
        const auto part = ::pread(plain.get(), &expected[length], expected.size() - length,
                                  static_cast<off_t>(length));
        test::required(static_cast<int>(part), "pread");
        if (part == 0) {
            break;
        }
        length += static_cast<std::size_t>(part);
    }
    CHECK(*got == length);
    CHECK(length > 0);
    CHECK(std::ranges::equal(test::gather(view.first(*got)), std::span(expected).first(*got)));
}

// How many transfers of scattered registered areas went fixed.
task<std::uint64_t> fixed_reads(shard& here, file& from) {
    auto pages = here.pages().take_now(16);
    REQUIRE(pages.has_value());
    const auto entries = scattered(*pages);
    const auto before = here.counters().fixed_transfers;
    const auto got = co_await from.read_at(0, areas(std::span(entries)));
    CHECK(got.has_value());
    co_return here.counters().fixed_transfers - before;
}

}  // namespace

TEST_CASE("files of the proc file system are read right and leave the array alone") {
    for (const auto mask : {"", "readv_fixed", "readv"}) {
        test::on_shard(test::masked(mask), [](shard& here) -> task<> {
            co_await read_and_compare(here, "/proc/self/environ");
            co_await read_and_compare(here, "/proc/self/maps");
            co_await read_and_compare(here, "/proc/self/cmdline");
            co_await read_and_compare(here, "/proc/filesystems");
            co_await read_and_compare(here, "/dev/zero");
            co_await read_and_compare(here, "/sys/kernel/mm/transparent_hugepage/enabled");
        });
    }
}

TEST_CASE("fixed vectors are used where they are safe and nowhere else") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        if (!here.queues().has(feature::readv_fixed) || !here.queues().has(feature::readv) ||
            !here.pages().registered()) {
            pelton_test::skip("the kernel has no READV or READV_FIXED, or no pages are registered");
            co_return;
        }
        const test::scratch_directory directory("/dev/shm");
        const auto path = test::make_file(directory / "file", test::random_bytes(100, 1));
        auto in_memory = co_await file::open(here, path, open_mode::read);
        auto on_proc = co_await file::open(here, "/proc/self/environ", open_mode::read);
        auto device = co_await file::open(here, "/dev/zero", open_mode::read);
        REQUIRE((in_memory.has_value() && on_proc.has_value() && device.has_value()));
        auto ends = test::make_pipe();
        test::write_fully(ends.in.get(), test::random_bytes(10, 1));
        auto pipe = file::adopt(here, ends.out.release());
        auto sockets = test::make_socket_pair();
        test::write_fully(sockets.in.get(), test::random_bytes(10, 1));
        auto socket = file::adopt(here, sockets.out.release());
        REQUIRE((pipe.has_value() && socket.has_value()));
        const auto from_memory = co_await fixed_reads(here, *in_memory);
        CHECK(from_memory == 1);
        const auto from_pipe = co_await fixed_reads(here, *pipe);
        CHECK(from_pipe == 1);
        const auto from_socket = co_await fixed_reads(here, *socket);
        CHECK(from_socket == 1);
        const auto from_proc = co_await fixed_reads(here, *on_proc);
        CHECK(from_proc == 0);
        const auto from_device = co_await fixed_reads(here, *device);
        CHECK(from_device == 0);
    });
}
