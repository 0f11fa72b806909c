// NVMe commands on a namespace that only the test knows: what is asked of the kernel, to the byte.
// nvme_device_test.cpp has a real one.
#include "fs/on_namespace.hpp"

#include <pelton/runtime/fs/nvme_namespace.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace pelton;
using test::holds;
using test::imagined_nvme;
using test::on_namespace;
using test::passes_through;

namespace {

constexpr std::size_t page = 4096;

}  // namespace

TEST_CASE("an NVMe namespace is what the controller says it is") {
    for (const unsigned exponent : {9U, 12U}) {
        imagined_nvme device(64, exponent);
        on_namespace(device, test::tiny(), [&](shard&, nvme_namespace& disk) -> task<> {
            CHECK(disk.shape().id == imagined_nvme::id);
            CHECK(disk.shape().block_bytes == device.block_bytes());
            CHECK(disk.shape().blocks == 64);
            CHECK(disk.bytes() == device.bytes.size());
            CHECK(disk.shape().transfer_bytes_max == 128 * 1024);
            CHECK(co_await disk.close());
        });
    }
}

TEST_CASE("a controller without a limit is bounded by the NVMe command's count of blocks") {
    imagined_nvme device(64);
    device.transfer_exponent = 0;
    on_namespace(device, test::tiny(), [&](shard&, nvme_namespace& disk) -> task<> {
        CHECK(disk.shape().transfer_bytes_max == 65536 * 512);
        co_return;
    });
}

TEST_CASE("an NVMe namespace with metadata is refused, and what is none is not one") {
    imagined_nvme device(64);
    device.metadata_bytes = 8;
    auto with = test::tiny();
    with.calls = &device.calls();
    test::on_shard(with, [](shard& here) -> task<> {
        const auto odd = co_await nvme_namespace::open(here, "/dev/null", open_mode::read);
        CHECK(odd.error() == std::errc::not_supported);
        const auto directory = co_await nvme_namespace::open(here, "/", open_mode::read);
        CHECK(directory.error() == std::errc::inappropriate_io_control_operation);
    });
    test::on_shard([](shard& here) -> task<> {
        const auto none = co_await nvme_namespace::open(here, "/dev/null", open_mode::read);
        CHECK(none.error() == std::errc::inappropriate_io_control_operation);
        const auto missing = co_await nvme_namespace::open(here, "/dev/ng99n9", open_mode::read);
        CHECK(missing.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("an NVMe read is one SQE of 128 bytes, with the command where the driver looks for it") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here, {.sq_entries = 2});
        if (!passes_through(commands)) {
            co_return;
        }
        std::vector<std::byte> memory(3 * 512 + 8);
        const auto into = std::span(memory).subspan(4, 2 * 512);
        CHECK(co_await disk.read_at(commands, 5 * 512, into) == 1024);
        CHECK(holds(device, 5 * 512, into));
        REQUIRE(device.seen.size() == 1);
        const auto& sqe = device.seen[0].head;
        CHECK(sqe.opcode == 46);
        CHECK(sqe.flags == 0);
        CHECK(sqe.fd == disk.descriptor());
        CHECK(sqe.cmd_op == 0xc0484e80);
        CHECK(sqe.rw_flags == 0);
        CHECK(int{sqe.buf_index} == 0);
        const auto words = imagined_nvme::command_of(device.seen[0]);
        CHECK(words.opcode == 2);
        CHECK(words.namespace_id == imagined_nvme::id);
        CHECK(words.data == reinterpret_cast<std::uint64_t>(into.data()));
        CHECK(words.data_length == 1024);
        CHECK(words.word10 == 5);
        CHECK(words.word11 == 0);
        CHECK(words.word12 == 1);
        CHECK(words.metadata == 0);
        CHECK(words.timeout_ms == 0);
        CHECK(device.ioctls == 0);
    });
}

TEST_CASE("the first block of an NVMe command has 64 bits") {
    imagined_nvme device(8);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        if (!passes_through(commands)) {
            co_return;
        }
        std::vector<std::byte> memory(512);
        const std::uint64_t block = 0x1'2345'6789;
        const auto got = co_await disk.read_at(commands, block * 512, std::span(memory));
        CHECK(nvme_status_of(got.error()) == 0x080);
        const auto words = imagined_nvme::command_of(device.seen.at(0));
        CHECK(words.word10 == 0x2345'6789);
        CHECK(words.word11 == 1);
    });
}

TEST_CASE("an NVMe command names registered pages by their buffer, unless that is hidden") {
    for (const auto* mask : {"", "nvme_registered", "registered_buffers"}) {
        CAPTURE(std::string(mask));
        imagined_nvme device(256);
        on_namespace(device, test::narrow(mask), [&](shard& here, nvme_namespace& disk) -> task<> {
            nvme_queue commands(here);
            if (!passes_through(commands)) {
                co_return;
            }
            auto pages = co_await here.pages().take(2);
            REQUIRE(pages);
            CHECK(co_await disk.read_at(commands, 0, *pages) == 2 * page);
            CHECK(holds(device, 0, *pages));
            const bool fixed = here.known().has(feature::nvme_registered) &&
                               here.known().has(feature::registered_buffers);
            CHECK(device.seen.at(0).head.rw_flags == (fixed ? 1 : 0));
            CHECK(int{device.seen.at(0).head.buf_index} == 0);
            // A vector takes none, in any kernel.
            const area apart[] = {pages->areas().first(page).front(),
                                  pages->areas().skip(page).front()};
            CHECK(co_await disk.read_at(commands, 0, std::span(apart)) == 2 * page);
            CHECK(device.seen.at(1).head.rw_flags == 0);
        });
    }
}

TEST_CASE("several areas are one NVMe command with the caller's own array, and a cut view a copy") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        std::vector<std::byte> memory(5 * 512 + 64);
        const area apart[] = {
            {memory.data() + 512, 1024}, {memory.data(), 512}, {memory.data() + 1536 + 40, 1024}};
        const auto view = areas(std::span(apart));
        CHECK(co_await disk.read_at(commands, 512, view) == 2560);
        CHECK(holds(device, 512, view));
        const auto cut = view.skip(512).first(1536);
        CHECK(co_await disk.read_at(commands, 100 * 512, cut) == 1536);
        CHECK(holds(device, 100 * 512, cut));
        if (!passes_through(commands)) {
            co_return;
        }
        REQUIRE(device.seen.size() == 2);
        CHECK(device.seen[0].head.cmd_op == 0xc0484e81);
        const auto whole = imagined_nvme::command_of(device.seen[0]);
        CHECK(whole.data == reinterpret_cast<std::uint64_t>(&apart[0]));
        CHECK(whole.data_length == 3);
        CHECK(whole.word12 == 4);
        const auto part = imagined_nvme::command_of(device.seen[1]);
        CHECK(part.data_length == 3);
        CHECK(part.word12 == 2);
    });
}

TEST_CASE("an NVMe transfer of too many areas stops after the first 1024, a cut one after 64") {
    imagined_nvme device(2048);
    device.transfer_exponent = 9;  // 2 MiB
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        std::vector<std::byte> memory(1500 * 512);
        std::vector<area> many;
        for (std::size_t i = 0; i < 1500; ++i) {
            many.push_back({memory.data() + i * 512, 512});
        }
        const auto view = areas(std::span(many));
        CHECK(co_await disk.read_at(commands, 0, view) == 1024 * 512);
        CHECK(holds(device, 0, view.first(1024 * 512)));
        many[0].length = 1024;
        many[0].start = memory.data();
        many.erase(many.begin() + 1);
        const auto cut = areas(std::span(many)).skip(512);
        CHECK(co_await disk.read_at(commands, 0, cut) == 64 * 512);
        CHECK(holds(device, 0, cut.first(64 * 512)));
    });
}

TEST_CASE("what NVMe writes put down is there, and a flush carries no data") {
    for (const auto* mask : {"", "nvme_passthrough"}) {
        CAPTURE(std::string(mask));
        imagined_nvme device(256);
        on_namespace(device, test::narrow(mask), [&](shard& here, nvme_namespace& disk) -> task<> {
            nvme_queue commands(here);
            auto bytes = test::random_bytes(4096, 3);
            CHECK(co_await disk.write_at(commands, 8192, std::span(bytes)) == 4096);
            CHECK(holds(device, 8192, std::span(bytes)));
            CHECK(co_await disk.flush(commands));
            if (commands.is_passthrough()) {
                const auto words = imagined_nvme::command_of(device.seen.at(1));
                CHECK(words.opcode == 0);
                CHECK(words.namespace_id == imagined_nvme::id);
                CHECK(words.data == 0);
                CHECK(words.data_length == 0);
                CHECK(device.ioctls == 0);
            } else {
                CHECK(device.ioctls == 2);
            }
        });
    }
}

TEST_CASE("misaligned and overlong NVMe transfers are refused with a sentence, and none is sent") {
    for (const auto* mask : {"", "nvme_passthrough"}) {
        CAPTURE(std::string(mask));
        imagined_nvme device(1024);
        on_namespace(device, test::narrow(mask), [&](shard& here, nvme_namespace& disk) -> task<> {
            nvme_queue commands(here);
            std::vector<std::byte> memory(256 * 1024);
            const auto all = std::span(memory);
            const auto position = co_await disk.read_at(commands, 100, all.first(512));
            CHECK(position.error() == std::errc::invalid_argument);
            CHECK(position.error().message() ==
                  "misaligned NVMe command: the file offset is 100 bytes past a multiple of 512; "
                  "commands move whole blocks, to and from words of 4 bytes");
            const auto length = co_await disk.read_at(commands, 0, all.first(700));
            CHECK(test::says(length.error().message(), "the length is 188 bytes past"));
            const auto address = co_await disk.read_at(commands, 0, all.subspan(2, 512));
            CHECK(test::says(address.error().message(), "the memory address is 2 bytes past"));
            const auto overlong = co_await disk.read_at(commands, 0, all.first(128 * 1024 + 512));
            CHECK(overlong.error() == std::errc::invalid_argument);
            CHECK(overlong.error().message() ==
                  "an NVMe transfer of more than 131072 bytes, the most that this controller moves "
                  "by one command; divide it");
            CHECK(co_await disk.read_at(commands, 0, areas()) == 0);
            CHECK(device.seen.empty());
            CHECK(device.ioctls == 0);
            CHECK(co_await disk.read_at(commands, 0, all.first(128 * 1024)) == 128 * 1024);
        });
    }
}
