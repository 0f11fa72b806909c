// Transfers whose completions are polled for. The device is QEMU's NVMe in tests/kernels: a test
// writes only to what PELTON_SCRATCH_DEVICE names.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "ring/peeling_ring.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/op/polled_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace pelton;

namespace {

constexpr std::size_t page = 4096;

// The device to write to; skips without one.
std::optional<std::string> scratch_device() {
    const char* name = std::getenv("PELTON_SCRATCH_DEVICE");
    if (name == nullptr || *name == '\0') {
        pelton_test::skip("PELTON_SCRATCH_DEVICE names no device with poll queues to write to");
        return std::nullopt;
    }
    return name;
}

void fill(lease& pages, std::uint64_t seed) {
    const auto bytes = test::random_bytes(pages.size(), seed);
    std::copy(bytes.begin(), bytes.end(), pages.data());
}

bool equal(const lease& one, const lease& other) {
    return std::equal(one.data(), one.data() + one.size(), other.data());
}

// Writes and reads back a run of pages and, as a vector, its pages in the reverse order.
task<> there_and_back(shard& here, polled_queue& by, file& device, std::uint64_t at,
                      std::uint64_t seed) {
    auto out = co_await here.pages().take(4);
    auto in = co_await here.pages().take(4);
    REQUIRE(out);
    REQUIRE(in);
    fill(*out, seed);
    std::fill(in->data(), in->data() + in->size(), std::byte{0});
    const auto put = co_await device.write_polled_at(by, at, out->areas());
    REQUIRE_MESSAGE(put.has_value(), put.error().message());
    CHECK(*put == out->size());
    std::vector<area> backwards;
    for (std::size_t i = 4; i-- > 0;) {
        backwards.push_back({in->data() + i * page, page});
    }
    const auto pages = areas(std::span(backwards));
    const std::size_t part = here.known().has(feature::readv) ? in->size() : page;
    for (std::size_t done = 0; done < in->size(); done += part) {
        const auto got = co_await device.read_polled_at(by, at + done, pages.skip(done));
        REQUIRE_MESSAGE(got.has_value(), got.error().message());
        CHECK(*got == part);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const auto* sent = out->data() + i * page;
        CHECK(std::equal(sent, sent + page, backwards[i].start));
    }
    const auto again = co_await device.read_polled_at(by, at, in->areas());
    REQUIRE_MESSAGE(again.has_value(), again.error().message());
    CHECK(equal(*out, *in));
}

void device_keeps_bytes(std::string_view mask, polled_options with) {
    const auto name = scratch_device();
    if (!name) {
        return;
    }
    test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
        polled_queue polled(here, with);
        CHECK(polled.is_polled() == here.known().has(feature::iopoll));
        auto device = co_await file::open(here, *name, open_mode::read_write | open_mode::direct);
        REQUIRE_MESSAGE(device.has_value(), device.error().message());
        CHECK(device->alignment().memory != 0);
        auto family = [&](children& kids) -> task<> {
            for (std::uint64_t i = 0; i < 40; ++i) {
                kids.spawn([&here, &polled, &on = *device, i] {
                    return there_and_back(here, polled, on, i * 4 * page, i + 1);
                });
            }
            co_return;
        };
        co_await scope(family);
        CHECK((polled.polls() > 0) == polled.is_polled());
        CHECK(co_await device->close());
    });
}

}  // namespace

TEST_CASE("a polled device keeps the bytes of 40 tasks at once, on a queue of 2 entries") {
    device_keeps_bytes("", {.sq_entries = 2});
}

TEST_CASE("a polled device keeps the bytes with and without each feature that transfers use") {
    for (const auto* mask : {"readv_fixed,writev_fixed", "registered_buffers", "readv,writev",
                             "read_fixed,write_fixed,readv_fixed,writev_fixed,read,write",
                             "defer_taskrun", "single_issuer", "linux_6.1"}) {
        CAPTURE(std::string(mask));
        device_keeps_bytes(mask, {.sq_entries = 2});
    }
}

TEST_CASE("a hybrid queue keeps the bytes, polled all of the time where the kernel has no other") {
    device_keeps_bytes("", {.sq_entries = 4, .hybrid = true});
    device_keeps_bytes("hybrid_iopoll", {.sq_entries = 4, .hybrid = true});
}

TEST_CASE("a hidden hybrid_iopoll, or a kernel without, makes a queue that only polls") {
    test::on_shard(test::masked("hybrid_iopoll"), [](shard& here) -> task<> {
        const polled_queue polled(here, {.hybrid = true});
        CHECK(polled.is_polled() == here.known().has(feature::iopoll));
        CHECK_FALSE(polled.is_hybrid());
        co_return;
    });
    constexpr unsigned hybrid_flag = 1U << 17;
    test::peeling_ring kernel;
    kernel.refuse_flags(hybrid_flag);
    options with;
    with.ring_kernel = &kernel;
    bool asked = false;
    test::on_shard(with, [&](shard& here) -> task<> {
        const polled_queue polled(here, {.hybrid = true});
        CHECK(polled.is_polled() == here.known().has(feature::iopoll));
        CHECK_FALSE(polled.is_hybrid());
        asked = polled.is_polled() && here.known().has(feature::hybrid_iopoll);
        co_return;
    });
    // Not where PELTON_MASK hides it for all tests.
    CHECK(asked == std::ranges::any_of(kernel.attempts(),
                                       [](unsigned flags) { return (flags & hybrid_flag) != 0; }));
}

namespace {

// Without a polled ring, any file will do.
task<> ordinary_transfers(shard& here) {
    const test::scratch_directory folder;
    auto made =
        co_await file::open(here, folder / "file", open_mode::read_write | open_mode::create);
    REQUIRE(made);
    polled_queue polled(here);
    CHECK_FALSE(polled.is_polled());
    co_await there_and_back(here, polled, *made, 0, 7);
    CHECK(polled.polls() == 0);
}

}  // namespace

TEST_CASE("without polled rings, hidden or refused, transfers go through the shard's own ring") {
    test::on_shard(test::masked("iopoll"), ordinary_transfers);
    test::peeling_ring kernel;
    kernel.refuse_flags(1U << 0);
    options with;
    with.ring_kernel = &kernel;
    test::on_shard(with, ordinary_transfers);
}

TEST_CASE("a polled transfer of a buffered file is EOPNOTSUPP, and the queue goes on") {
    test::on_shard([](shard& here) -> task<> {
        const test::scratch_directory folder;
        auto made =
            co_await file::open(here, folder / "file", open_mode::read_write | open_mode::create);
        REQUIRE(made);
        auto pages = co_await here.pages().take(1);
        REQUIRE(pages);
        polled_queue polled(here, {.sq_entries = 2});
        if (!polled.is_polled()) {
            pelton_test::skip("no polled rings here");
            co_return;
        }
        for (int i = 0; i < 10; ++i) {
            const auto put = co_await made->write_polled_at(polled, 0, pages->areas());
            CHECK(put.error() == std::errc::operation_not_supported);
        }
    });
}

TEST_CASE("a task that was asked to stop begins no polled transfer") {
    test::on_shard([](shard& here) -> task<> {
        const test::scratch_directory folder;
        auto made =
            co_await file::open(here, folder / "file", open_mode::read_write | open_mode::create);
        REQUIRE(made);
        auto pages = co_await here.pages().take(1);
        REQUIRE(pages);
        polled_queue polled(here);
        std::error_code why;
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                why = (co_await made->write_polled_at(polled, 0, pages->areas())).error();
            });
            kids.request_stop();
            co_return;
        };
        co_await scope(family);
        CHECK(why == std::errc::operation_canceled);
        CHECK((co_await made->size()).value() == 0);
    });
}

TEST_CASE("a misaligned polled transfer is refused with a sentence") {
    const auto name = scratch_device();
    if (!name) {
        return;
    }
    test::on_shard([&](shard& here) -> task<> {
        polled_queue polled(here);
        auto device = co_await file::open(here, *name, open_mode::read | open_mode::direct);
        REQUIRE(device);
        auto pages = co_await here.pages().take(1);
        REQUIRE(pages);
        const auto got = co_await device->read_polled_at(polled, 1, pages->areas());
        CHECK(got.error().message().starts_with("misaligned O_DIRECT transfer"));
    });
}
