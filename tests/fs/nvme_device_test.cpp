// NVMe commands to a real controller: QEMU's, in tests/kernels, whose namespace
// PELTON_NVME_NAMESPACE names. What they bring is compared with direct transfers on its block
// device, PELTON_SCRATCH_DEVICE, which is written to.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/nvme_namespace.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

using namespace pelton;

namespace {

constexpr std::size_t page = 4096;
// Beyond what the polled transfers of other tests write to.
constexpr std::uint64_t begin = std::uint64_t{64} << 20;
constexpr std::size_t tasks = 64;

const char* set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

// Runs `main(shard&, nvme_namespace&, file& block device)`; skips without a device.
template <class F>
void on_device(options with, F main) {
    const auto* name = set("PELTON_NVME_NAMESPACE");
    const auto* block = set("PELTON_SCRATCH_DEVICE");
    if (name == nullptr || block == nullptr) {
        pelton_test::skip(
            "PELTON_NVME_NAMESPACE and PELTON_SCRATCH_DEVICE name no NVMe device to write to");
        return;
    }
    test::on_shard(std::move(with), [&](shard& here) -> task<> {
        auto disk = co_await nvme_namespace::open(here, name, open_mode::read_write);
        REQUIRE_MESSAGE(disk.has_value(), disk.error().message());
        auto device = co_await file::open(here, block, open_mode::read_write | open_mode::direct);
        REQUIRE_MESSAGE(device.has_value(), device.error().message());
        co_await main(here, *disk, *device);
        CHECK(co_await disk->close());
        CHECK(co_await device->close());
    });
}

void fill(lease& pages, std::uint64_t seed) {
    const auto bytes = test::random_bytes(pages.size(), seed);
    std::copy(bytes.begin(), bytes.end(), pages.data());
}

bool equal(const lease& one, const lease& other) {
    return std::equal(one.data(), one.data() + one.size(), other.data());
}

// By direct writes there, and back by commands: whole, in parts of a block, and backwards.
task<> there_and_back(shard& here, nvme_namespace& disk, nvme_queue& by, file& device,
                      std::uint64_t at, std::uint64_t seed) {
    auto out = co_await here.pages().take(4);
    auto in = co_await here.pages().take(4);
    REQUIRE(out);
    REQUIRE(in);
    fill(*out, seed);
    const auto put = co_await device.write_all_at(at, *out);
    REQUIRE_MESSAGE(put.has_value(), put.error().message());
    const auto got = co_await disk.read_at(by, at, *in);
    REQUIRE_MESSAGE(got.has_value(), got.error().message());
    CHECK(*got == in->size());
    CHECK(equal(*out, *in));
    std::fill(in->data(), in->data() + in->size(), std::byte{});
    std::vector<area> backwards;
    for (std::size_t i = 4; i-- > 0;) {
        backwards.push_back({in->data() + i * page, page});
    }
    const auto scattered = co_await disk.read_at(by, at, std::span(backwards));
    REQUIRE_MESSAGE(scattered.has_value(), scattered.error().message());
    for (std::size_t i = 0; i < 4; ++i) {
        const auto* sent = out->data() + i * page;
        CHECK(std::equal(sent, sent + page, backwards[i].start));
    }
    // Memory that nobody registered, one block of it.
    std::vector<std::byte> own(2 * page);
    auto* aligned = own.data() + (page - reinterpret_cast<std::uintptr_t>(own.data()) % page);
    const auto block = disk.shape().block_bytes;
    const auto last = std::span(aligned, block);
    CHECK(co_await disk.read_at(by, at + 4 * page - block, last) == block);
    CHECK(std::equal(last.begin(), last.end(), out->data() + 4 * page - block));
}

task<> many_at_once(shard& here, nvme_namespace& disk, file& device, unsigned entries,
                    std::uint64_t seed) {
    nvme_queue commands(here, {.sq_entries = entries});
    CHECK(commands.is_passthrough() ==
          (here.known().has(feature::nvme_passthrough) && here.known().has(feature::poll_add)));
    auto family = [&](children& kids) -> task<> {
        for (std::uint64_t i = 0; i < tasks; ++i) {
            kids.spawn([&, i] {
                return there_and_back(here, disk, commands, device, begin + i * 4 * page, seed + i);
            });
        }
        co_return;
    };
    co_await scope(family);
    CHECK((commands.enters() > 0) == commands.is_passthrough());
}

}  // namespace

TEST_CASE("an NVMe device tells what it is as the block device does") {
    on_device(test::tiny(), [](shard&, nvme_namespace& disk, file& device) -> task<> {
        CHECK(disk.shape().id == 1);
        CHECK(disk.shape().block_bytes == device.alignment().offset);
        CHECK(disk.bytes() == std::uint64_t{1} << 30);
        CHECK(disk.shape().transfer_bytes_max >= 128 * 1024);
        co_return;
    });
}

TEST_CASE("NVMe reads bring what direct writes put down, 64 tasks at once on 2 entries and on 64") {
    for (const unsigned entries : {2U, 64U}) {
        auto with = test::masked("");
        with.ring.sq_entries = entries;
        on_device(with, [&](shard& here, nvme_namespace& disk, file& device) -> task<> {
            co_await many_at_once(here, disk, device, entries, entries);
        });
    }
}

TEST_CASE("NVMe reads bring the same with and without each feature that they use") {
    std::uint64_t seed = 1000;
    for (const auto* mask :
         {"nvme_passthrough", "nvme_registered", "registered_buffers", "defer_taskrun",
          "single_issuer", "no_sqarray", "poll_add", "linux_6.1"}) {
        CAPTURE(std::string(mask));
        on_device(test::masked(mask),
                  [&](shard& here, nvme_namespace& disk, file& device) -> task<> {
                      co_await many_at_once(here, disk, device, 2, seed += 100);
                  });
    }
}

TEST_CASE("what NVMe writes and a flush put down is there for direct reads") {
    for (const auto* mask : {"", "nvme_passthrough"}) {
        on_device(test::masked(mask),
                  [&](shard& here, nvme_namespace& disk, file& device) -> task<> {
                      nvme_queue commands(here);
                      auto out = co_await here.pages().take(8);
                      auto in = co_await here.pages().take(8);
                      REQUIRE(out);
                      REQUIRE(in);
                      fill(*out, 77);
                      const auto put = co_await disk.write_at(commands, begin, *out);
                      REQUIRE_MESSAGE(put.has_value(), put.error().message());
                      const auto kept = co_await disk.flush(commands);
                      CHECK_MESSAGE(kept.has_value(), kept.error().message());
                      CHECK(co_await device.read_exactly_at(begin, *in) == in->size());
                      CHECK(equal(*out, *in));
                  });
    }
}

TEST_CASE("an NVMe read past the end of the device is told in the controller's words") {
    for (const auto* mask : {"", "nvme_registered", "nvme_passthrough"}) {
        on_device(test::masked(mask), [&](shard& here, nvme_namespace& disk, file&) -> task<> {
            nvme_queue commands(here);
            auto pages = co_await here.pages().take(2);
            REQUIRE(pages);
            const auto beyond = co_await disk.read_at(commands, disk.bytes(), *pages);
            CHECK(nvme_status_of(beyond.error()) == 0x080);
            CHECK(test::says(beyond.error().message(),
                             "the NVMe controller answered: LBA out of range (status code type 0h, "
                             "code 80h"));
            const auto across = co_await disk.read_at(commands, disk.bytes() - page, *pages);
            CHECK(nvme_status_of(across.error()) == 0x080);
            const auto at_end = pages->first(page);
            CHECK(co_await disk.read_at(commands, disk.bytes() - page, at_end) == page);
        });
    }
}

TEST_CASE("the longest NVMe read that the controller takes is carried out, a longer one refused") {
    auto with = test::masked("");
    with.page_bytes = std::size_t{8} << 20;
    on_device(with, [](shard& here, nvme_namespace& disk, file& device) -> task<> {
        nvme_queue commands(here);
        // Less than 127 pages, however they lie.
        const auto most = std::min<std::size_t>(disk.shape().transfer_bytes_max, 64 * page);
        auto out = co_await here.pages().take(most / page);
        auto in = co_await here.pages().take(most / page);
        REQUIRE(out);
        REQUIRE(in);
        fill(*out, 5);
        CHECK(co_await device.write_all_at(begin, *out) == most);
        const auto got = co_await disk.read_at(commands, begin, *in);
        REQUIRE_MESSAGE(got.has_value(), got.error().message());
        CHECK(*got == most);
        CHECK(equal(*out, *in));
        auto long_run = co_await here.pages().take(disk.shape().transfer_bytes_max / page + 1);
        REQUIRE(long_run);
        const auto overlong = co_await disk.read_at(commands, 0, *long_run);
        CHECK(test::says(overlong.error().message(), "an NVMe transfer of more than"));
    });
}

TEST_CASE("the block device of an NVMe namespace is refused as one") {
    on_device(test::tiny(), [](shard& here, nvme_namespace&, file&) -> task<> {
        const auto block =
            co_await nvme_namespace::open(here, set("PELTON_SCRATCH_DEVICE"), open_mode::read);
        CHECK(block.error() == std::errc::inappropriate_io_control_operation);
    });
}
