// Writes of which a file holds all or nothing: refused with a sentence, or done as one.
#include "forwarding_calls.hpp"
#include "op/flag_ring.hpp"
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <linux/fs.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

constexpr auto direct = open_mode::read_write | open_mode::create | open_mode::direct;
constexpr unsigned atomic = 0x40;  // RWF_ATOMIC, younger than the system's headers

// A file system and a disk that write from 4 to 16 KiB at once, as far as statx(2) is asked.
class able_calls final : public test::forwarding_calls {
    result<void> statx(int at, const char* path, int flags, unsigned mask,
                       struct statx& into) noexcept override {
        const auto told = forwarding_calls::statx(at, path, flags, mask, into);
        if ((mask & 0x10000U) != 0) {
            into.stx_mask |= 0x10000U;
            const std::uint32_t limits[2] = {4096, 16384};
            std::memcpy(reinterpret_cast<char*>(&into) + 0xa8, limits, sizeof(limits));
        }
        return told;
    }
};

struct able {
    explicit able(std::string_view mask = "") : with(test::narrow(mask)) {
        with.calls = &calls;
        with.ring_kernel = &ring;
        ring.unneeded = atomic;
    }
    able_calls calls;
    test::flag_ring ring;
    options with;
};

task<result<file>> open_direct(shard& here, std::string path) {
    auto opened = co_await file::open(here, path, direct);
    if (!opened && opened.error() == std::errc::invalid_argument) {
        pelton_test::skip("the file system of this directory has no O_DIRECT");
    }
    co_return opened;
}

void expect_refusal(const result<std::size_t>& put, std::errc kind, std::string_view words) {
    REQUIRE(!put.has_value());
    CHECK(put.error() == kind);
    CHECK(put.error().message() == "an atomic write was refused: " + std::string(words));
}

bool has_flag(shard& here) {
    if (!here.known().has(feature::atomic_write)) {
        pelton_test::skip("the kernel has no RWF_ATOMIC");
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("an atomic write goes out as one, unregistered, and with the flag of its durability") {
    for (const auto mask : {"", "write"}) {
        CAPTURE(mask);
        able kernel(mask);
        on_shard(kernel.with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await open_direct(here, scratch / "file");
            if (!on || !has_flag(here)) {
                co_return;
            }
            CHECK(on->atomic_write_limits().least == 4096);
            CHECK(on->atomic_write_limits().most == 16384);
            auto pages = co_await here.pages().take(4);
            REQUIRE(pages.has_value());
            const auto bytes = test::random_bytes(16384, 5);
            std::memcpy(pages->data(), bytes.data(), bytes.size());
            kernel.ring.transfers.clear();
            CHECK(co_await on->write_atomic_at(16384, *pages, durability::data) == 16384);
            CHECK(co_await on->write_atomic_at(0, pages->first(8192)) == 8192);
            CHECK(kernel.ring.flags_seen() == std::vector<unsigned>{atomic | RWF_DSYNC, atomic});
            const int expected = here.known().has(feature::write) ? abi::op_write : abi::op_writev;
            for (const auto& one : kernel.ring.transfers) {
                CHECK(int{one.opcode} == expected);
            }
            const auto read = test::bytes_of(scratch / "file");
            REQUIRE(read.size() == 32768);
            CHECK(std::memcmp(&read[16384], bytes.data(), 16384) == 0);
            CHECK(std::memcmp(read.data(), bytes.data(), 8192) == 0);
        });
    }
}

TEST_CASE(
    "an atomic write of another shape is refused by what is wrong with it, and nothing goes") {
    able kernel;
    on_shard(kernel.with, [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await open_direct(here, scratch / "file");
        if (!on || !has_flag(here)) {
            co_return;
        }
        auto pages = co_await here.pages().take(8);
        REQUIRE(pages.has_value());
        kernel.ring.transfers.clear();
        constexpr auto length = "its length must be a power of two, from 4096 to 16384 bytes";
        for (const std::size_t bytes : {0UL, 2048UL, 12288UL, 32768UL}) {
            CAPTURE(bytes);
            expect_refusal(co_await on->write_atomic_at(0, pages->first(bytes)),
                           std::errc::invalid_argument, length);
        }
        expect_refusal(co_await on->write_atomic_at(4096, pages->first(8192)),
                       std::errc::invalid_argument,
                       "its file offset must be a multiple of its length, 8192 bytes");
        const std::array two{area{pages->data(), 4096}, area{pages->data() + 8192, 4096}};
        expect_refusal(co_await on->write_atomic_at(0, areas(std::span(two))),
                       std::errc::invalid_argument, "its bytes lie in several areas; it takes one");
        const auto odd = co_await on->write_atomic_at(0, pages->skip(1).first(4096));
        REQUIRE(!odd.has_value());
        CHECK(
            odd.error().message().starts_with("misaligned O_DIRECT transfer: the memory address"));
        CHECK(kernel.ring.transfers.empty());
        CHECK(test::bytes_of(scratch / "file").empty());
    });
}

TEST_CASE("a file that cannot, and a kernel that does not know of it, refuse every atomic write") {
    constexpr auto cannot =
        "the file cannot; it must be opened with direct, and its file system "
        "and its device must both be able to";
    constexpr auto unknown = "this kernel has no RWF_ATOMIC (Linux 6.11)";
    for (const auto mask : {"", "atomic_write"}) {
        CAPTURE(mask);
        able kernel(mask);
        on_shard(kernel.with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await file::open(here, scratch / "file",
                                          open_mode::read_write | open_mode::create);
            auto pages = co_await here.pages().take(1);
            REQUIRE((on && pages));
            kernel.ring.transfers.clear();
            const bool knows = here.known().has(feature::atomic_write);
            expect_refusal(co_await on->write_atomic_at(0, *pages),
                           std::errc::operation_not_supported, knows ? cannot : unknown);
            CHECK(on->atomic_write_limits().most == 0);
            CHECK(kernel.ring.transfers.empty());
        });
    }
}

TEST_CASE("what the kernel refuses or cuts short is an error, never less of an atomic write") {
    able kernel;
    kernel.ring.refused = atomic;
    on_shard(kernel.with, [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await open_direct(here, scratch / "file");
        auto pages = co_await here.pages().take(1);
        if (!on || !has_flag(here)) {
            co_return;
        }
        const auto put = co_await on->write_atomic_at(0, *pages);
        CHECK(put.error() == std::errc::operation_not_supported);
        CHECK(test::bytes_of(scratch / "file").empty());
    });
    able_calls calls;
    test::meddling_ring ring;
    auto with = test::masked("");
    with.calls = &calls;
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await open_direct(here, scratch / "file");
        auto pages = co_await here.pages().take(1);
        if (!on || !has_flag(here)) {
            co_return;
        }
        ring.answers = {512};
        CHECK((co_await on->write_atomic_at(0, *pages)).error() == std::errc::io_error);
    });
}

TEST_CASE("where file system and disk can, the kernel takes what the limits allow") {
    on_shard(test::narrow(), [](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await open_direct(here, scratch / "file");
        if (!on) {
            co_return;
        }
        const auto [least, most] = on->atomic_write_limits();
        if (!has_flag(here)) {
            co_return;
        }
        if (most == 0) {
            pelton_test::skip("the file system or the disk has no atomic writes");
            co_return;
        }
        auto pages = co_await here.pages().take(1 + (least - 1) / 4096);
        REQUIRE(pages.has_value());
        CHECK(co_await on->write_atomic_at(least, pages->first(least)) == least);
        CHECK(test::bytes_of(scratch / "file").size() == 2 * least);
    });
}
