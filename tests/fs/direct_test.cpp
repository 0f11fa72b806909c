// Files opened with O_DIRECT: what they ask of a transfer is known and checked before the kernel
// is.
#include "forwarding_calls.hpp"
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace pelton;

namespace {

constexpr auto direct = open_mode::read_write | open_mode::create | open_mode::direct;

// Opens a file for direct I/O, or says why the test is skipped.
task<result<file>> open_direct(shard& here, std::string path) {
    auto opened = co_await file::open(here, path, direct);
    if (!opened && opened.error() == std::errc::invalid_argument) {
        pelton_test::skip("the file system of this directory has no O_DIRECT");
    }
    co_return opened;
}

void expect_sentence(const result<std::size_t>& got, std::string_view part, std::size_t off,
                     std::size_t alignment) {
    REQUIRE(!got.has_value());
    CHECK(got.error() == std::errc::invalid_argument);
    CHECK(got.error().message() == "misaligned O_DIRECT transfer: " + std::string(part) + " is " +
                                       std::to_string(off) + " bytes past a multiple of " +
                                       std::to_string(alignment) +
                                       "; align it, or use a descriptor opened without O_DIRECT");
}

// A file system that does not tell what it asks for.
class silent_calls final : public test::forwarding_calls {
    result<void> statx(int at, const char* path, int flags, unsigned mask,
                       struct statx& into) noexcept override {
        const auto told = forwarding_calls::statx(at, path, flags, mask, into);
        into.stx_mask &= ~0x2000U;
        return told;
    }
};

// One aligned transfer through random areas, a multiple of `unit` each.
std::vector<area> aligned_areas(test::generator& any, std::span<std::byte> memory,
                                std::size_t unit) {
    const auto count = 1 + test::below(any, 20);
    const auto share = memory.size() / count / unit;
    std::vector<area> made;
    for (std::size_t i = 0; i < count; ++i) {
        const auto units = 1 + test::below(any, share);
        made.push_back({memory.data() + i * share * unit, units * unit});
    }
    return made;
}

}  // namespace

TEST_CASE("a direct file knows its alignment and refuses what is off by the part and the number") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto on = co_await open_direct(here, directory / "file");
        if (!on) {
            co_return;
        }
        const auto [memory, offset] = on->alignment();
        REQUIRE(memory > 1);
        REQUIRE(offset >= 512);
        auto pages = here.pages().take_now(4);
        REQUIRE(pages.has_value());
        const auto sqes = here.queues().counters().sqes;
        const auto position = co_await on->read_at(offset + 7, *pages);
        expect_sentence(position, "the file offset", 7, offset);
        const auto address = co_await on->read_at(0, pages->skip(1).first(offset));
        expect_sentence(address, "the memory address", 1, memory);
        const auto length = co_await on->write_at(0, pages->first(offset + 100));
        expect_sentence(length, "the length", 100, offset);
        const std::array uneven{area{pages->data(), 100}, area{pages->data() + 4096, offset - 100}};
        const auto entry = co_await on->write_at(0, areas(std::span(uneven)));
        expect_sentence(entry, "the length", 100, offset);
        std::size_t moved = 9;
        const auto whole = co_await on->write_all_at(1, *pages, &moved);
        expect_sentence(whole, "the file offset", 1, offset);
        CHECK(moved == 0);
        CHECK(here.queues().counters().sqes == sqes);
        CHECK(test::bytes_of(directory / "file").empty());
    });
}

TEST_CASE("where the file system does not tell, a page is asked for") {
    silent_calls calls;
    auto with = options{};
    with.calls = &calls;
    test::on_shard(std::move(with), [](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto on = co_await open_direct(here, directory / "file");
        if (!on) {
            co_return;
        }
        CHECK(on->alignment().memory == 4096);
        CHECK(on->alignment().offset == 4096);
        auto pages = here.pages().take_now(2);
        REQUIRE(pages.has_value());
        const auto got = co_await on->read_at(512, *pages);
        expect_sentence(got, "the file offset", 512, 4096);
        const auto put = co_await on->write_all_at(4096, *pages);
        CHECK(put.has_value());
    });
}

TEST_CASE("a file opened without direct asks for nothing") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto on = co_await file::open(here, directory / "file",
                                      open_mode::read_write | open_mode::create);
        REQUIRE(on.has_value());
        CHECK(on->alignment().offset == 0);
        auto page = here.pages().take_now(1);
        REQUIRE(page.has_value());
        const auto put = co_await on->write_all_at(3, page->skip(1).first(1000));
        CHECK(put.has_value());
    });
}

TEST_CASE("aligned direct transfers move the right bytes, fixed and plainly") {
    for (const auto mask : {"", "readv_fixed,writev_fixed", "readv,writev", "registered_buffers",
                            "read_fixed,write_fixed,readv_fixed,writev_fixed"}) {
        CAPTURE(mask);
        test::on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            auto on = co_await open_direct(here, directory / "file");
            if (!on) {
                co_return;
            }
            const std::size_t unit = std::max(on->alignment().offset, on->alignment().memory);
            auto pages = here.pages().take_now(64);
            REQUIRE(pages.has_value());
            std::vector<std::byte> content;
            test::generator any(512);
            for (int round = 0; round < 20; ++round) {
                const auto bytes = test::random_bytes(pages->size(), any());
                std::ranges::copy(bytes, pages->data());
                const auto out = aligned_areas(any, pages->bytes(), unit);
                const auto at = test::below(any, content.size() / unit + 1) * unit;
                const auto written = test::gather(areas(std::span(out)));
                const auto put = co_await on->write_all_at(at, areas(std::span(out)));
                REQUIRE(put.has_value());
                content.resize(std::max(content.size(), at + written.size()));
                std::ranges::copy(written, content.begin() + static_cast<std::ptrdiff_t>(at));

                const auto in = aligned_areas(any, pages->bytes(), unit);
                const auto view = areas(std::span(in));
                const auto from = test::below(any, content.size() / unit + 1) * unit;
                const auto got = co_await on->read_exactly_at(from, view);
                REQUIRE(got.has_value());
                const auto expected = std::span(content).subspan(from).first(
                    std::min(view.bytes(), content.size() - from));
                REQUIRE(*got == expected.size());
                REQUIRE(std::ranges::equal(test::gather(view.first(*got)), expected));
            }
            CHECK(test::bytes_of(directory / "file") == content);
        });
    }
}

TEST_CASE("a direct read of the file's uneven tail ends there") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto content = test::random_bytes(5000, 1);
        auto on = co_await open_direct(here, test::make_file(directory / "file", content));
        if (!on) {
            co_return;
        }
        auto pages = here.pages().take_now(4);
        REQUIRE(pages.has_value());
        const auto got = co_await on->read_exactly_at(0, *pages);
        REQUIRE_MESSAGE(got.has_value(), got.error().message());
        CHECK(*got == 5000);
        CHECK(std::ranges::equal(pages->bytes().first(5000), content));
        // The rest would start at 5000: it is not asked for, since some file systems refuse that.
        CHECK(here.completions().counters().resubmits == 0);
    });
}
