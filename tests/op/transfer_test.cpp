// Transfers through random areas move the bytes that pread(2) and pwrite(2) would, whatever the
// ring lacks and whatever the target is.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/transfer.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace pelton;
using test::generator;

namespace {

constexpr std::array<std::string_view, 8> masks{
    "",
    "readv_fixed,writev_fixed",
    "readv_fixed,writev_fixed,read_fixed,write_fixed",
    "readv_fixed,writev_fixed,read_fixed,write_fixed,readv,writev",
    "readv,writev",
    "read,write",
    "read,write,read_fixed,write_fixed",
    "registered_buffers"};

constexpr std::array<std::size_t, 9> counts{1, 2, 3, 17, 255, 1023, 1024, 1025, 2500};

// Registered memory, memory that is not, and areas in either or both.
struct places {
    explicit places(shard& here) : heap(64 * 1024) {
        auto taken = here.pages().take_now(16);
        REQUIRE(taken.has_value());
        pages = std::move(*taken);
    }
    void fill(std::uint64_t seed) {
        const auto bytes = test::random_bytes(heap.size(), seed);
        std::ranges::copy(bytes, heap.begin());
        std::ranges::copy(bytes, pages.data());
        std::ranges::reverse(pages.bytes());
    }
    std::vector<area> scattered(generator& any) {
        const auto count = counts[test::below(any, counts.size())];
        const auto in_pages = test::scatter(any, pages.bytes(), count);
        const auto in_heap = test::scatter(any, heap, count);
        switch (test::below(any, 3)) {
            case 0:
                return in_pages;
            case 1:
                return in_heap;
            default:
                return test::alternate(in_pages, in_heap);
        }
    }

    lease pages;
    std::vector<std::byte> heap;
};

// One read into random areas, which must leave all other memory alone.
task<> read_once(shard& here, places& into, generator& any, int file, std::uint64_t at,
                 std::span<const std::byte> content, bool fixed_vectors) {
    into.fill(any());
    const auto entries = into.scattered(any);
    const auto before = entries;
    const auto view = test::cut_at_random(any, areas(std::span(entries)));
    const bool vectors = here.queues().has(feature::readv);
    const auto there = content.size() - std::min<std::size_t>(at, content.size());
    const auto expected = content.subspan(content.size() - there)
                              .first(std::min(there, test::bytes_at_once(view, vectors)));
    const auto pages_after = test::filled(into.pages.bytes(), view, expected);
    const auto heap_after = test::filled(into.heap, view, expected);

    target on(file, fixed_vectors);
    const auto got = co_await transfer(here, direction::reading, on, view, at);

    REQUIRE(got.has_value());
    REQUIRE(*got == expected.size());
    REQUIRE(std::ranges::equal(into.pages.bytes(), pages_after));
    REQUIRE(into.heap == heap_after);
    REQUIRE(entries == before);
}

// One write from random areas; yields the bytes that were written.
task<std::vector<std::byte>> write_once(shard& here, places& from, generator& any, int file,
                                        std::uint64_t at, bool fixed_vectors,
                                        std::size_t most = SIZE_MAX) {
    from.fill(any());
    const auto entries = from.scattered(any);
    const auto view = test::cut_at_random(any, areas(std::span(entries))).first(most);
    auto expected = test::gather(view);
    expected.resize(test::bytes_at_once(view, here.queues().has(feature::writev)));

    target on(file, fixed_vectors);
    const auto put = co_await transfer(here, direction::writing, on, view, at);

    REQUIRE(put.has_value());
    REQUIRE(*put == expected.size());
    co_return expected;
}

void files_agree_with_pread_and_pwrite(const char* base) {
    const test::scratch_directory directory(base);
    for (const auto mask : masks) {
        CAPTURE(mask);
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            generator any(2001);
            places memory(here);
            auto content = test::random_bytes(200'000, 1);
            const auto path = test::make_file(directory / "file", content);
            const test::descriptor file(test::required(::open(path.c_str(), O_RDWR), "open"));
            for (int round = 0; round < 60; ++round) {
                CAPTURE(round);
                const auto at = test::below(any, content.size() + 100);
                co_await read_once(here, memory, any, file.get(), at, content, true);
                auto written = co_await write_once(here, memory, any, file.get(), at, true);
                content.resize(std::max(content.size(), at + written.size()));
                std::ranges::copy(written, content.begin() + static_cast<std::ptrdiff_t>(at));
            }
            REQUIRE(test::bytes_of(path) == content);
        });
    }
}

void streams_keep_their_bytes(test::two_ends (*make)()) {
    for (const auto mask : masks) {
        CAPTURE(mask);
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            generator any(1991);
            places memory(here);
            const auto ends = make();
            for (int round = 0; round < 60; ++round) {
                CAPTURE(round);
                const auto written = co_await write_once(here, memory, any, ends.in.get(),
                                                         target::no_position, true, 30'000);
                std::vector<std::byte> arrived(written.size());
                std::size_t so_far = 0;
                while (so_far < arrived.size()) {
                    so_far += static_cast<std::size_t>(
                        test::required(static_cast<int>(::read(ends.out.get(), &arrived[so_far],
                                                               arrived.size() - so_far)),
                                       "read"));
                }
                REQUIRE(arrived == written);

                const auto sent = test::random_bytes(1 + test::below(any, 30'000), any());
                test::write_fully(ends.in.get(), sent);
                memory.fill(any());
                const auto entries = memory.scattered(any);
                const auto view = test::cut_at_random(any, areas(std::span(entries)));
                const auto expected = std::min(
                    sent.size(), test::bytes_at_once(view, here.queues().has(feature::readv)));
                target on(ends.out.get(), true);
                const auto got =
                    co_await transfer(here, direction::reading, on, view, target::no_position);
                REQUIRE(got.has_value());
                REQUIRE(*got == expected);
                REQUIRE(std::ranges::equal(test::gather(view.first(*got)),
                                           std::span(sent).first(*got)));
                std::vector<std::byte> rest(sent.size() - *got);
                if (!rest.empty()) {
                    REQUIRE(::read(ends.out.get(), rest.data(), rest.size()) ==
                            static_cast<ssize_t>(rest.size()));
                }
            }
        });
    }
}

}  // namespace

TEST_CASE("files move the bytes that pread and pwrite would, under every mask") {
    files_agree_with_pread_and_pwrite(".");
}

TEST_CASE("files in memory move the bytes that pread and pwrite would, under every mask") {
    if (::access("/dev/shm", W_OK) != 0) {
        pelton_test::skip("there is no /dev/shm");
        return;
    }
    files_agree_with_pread_and_pwrite("/dev/shm");
}

TEST_CASE("pipes keep their bytes through random areas, under every mask") {
    streams_keep_their_bytes([] { return test::make_pipe(); });
}

TEST_CASE("socket pairs keep their bytes through random areas, under every mask") {
    streams_keep_their_bytes(test::make_socket_pair);
}

TEST_CASE("a view of more bytes than one operation takes is transferred in part") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        auto pages = here.pages().take_now(1024);
        REQUIRE(pages.has_value());
        const std::vector<area> again(600, area{pages->data(), pages->size()});  // 2.3 GiB
        // Not a pipe that nobody empties: Linux 6.1 would wait until all fits into it.
        const test::descriptor sink(
            test::required(::open("/dev/null", O_WRONLY | O_CLOEXEC), "open"));
        target on(sink.get(), true);
        const auto put = co_await transfer(here, direction::writing, on, areas(std::span(again)),
                                           target::no_position);
        REQUIRE_MESSAGE(put.has_value(), put.error().message());
        CHECK(*put > 0);
        CHECK(*put <= abi::transfer_bytes_max);
    });
}
