// What becomes of every answer to an NVMe command, and what is done where rings take none.
#include "fs/on_namespace.hpp"

#include <pelton/runtime/fs/nvme_namespace.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <vector>

using namespace pelton;
using test::holds;
using test::imagined_nvme;
using test::on_namespace;
using test::passes_through;

TEST_CASE("an NVMe status is an error in words, and an errno of the kernel's stays one") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        std::vector<std::byte> memory(512);
        // The same by the ring and by the call: the controller's own answer.
        const auto beyond = co_await disk.read_at(commands, 256 * 512, std::span(memory));
        CHECK(beyond.error().message() ==
              "the NVMe controller answered: LBA out of range (status code type 0h, code 80h, do "
              "not retry)");
        CHECK(beyond.error() == std::errc::invalid_argument);
        if (!passes_through(commands)) {
            co_return;
        }
        device.answers = {0x281, -EIO, -EINTR};
        const auto media = co_await disk.read_at(commands, 0, std::span(memory));
        CHECK(nvme_status_of(media.error()) == 0x281);
        CHECK(test::says(media.error().message(), "unrecovered read error"));
        const auto failed = co_await disk.read_at(commands, 0, std::span(memory));
        CHECK(failed.error() == std::error_code(EIO, std::system_category()));
        const auto reset = co_await disk.read_at(commands, 0, std::span(memory));
        CHECK(reset.error() == std::errc::interrupted);
        CHECK(co_await disk.read_at(commands, 0, std::span(memory)) == 512);
    });
}

TEST_CASE("registered memory that is refused in an NVMe command is sent as any, then and later") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        auto pages = co_await here.pages().take(1);
        REQUIRE(pages);
        if (!commands.is_passthrough() || !here.known().has(feature::nvme_registered) ||
            !here.known().has(feature::registered_buffers)) {
            pelton_test::skip("this kernel takes no registered memory in NVMe commands");
            co_return;
        }
        device.answers = {-EINVAL, -EINVAL};  // whatever it was, it was not the registered memory
        const auto refused = co_await disk.read_at(commands, 0, *pages);
        CHECK(refused.error() == std::errc::invalid_argument);
        device.answers = {-EINVAL};
        CHECK(co_await disk.read_at(commands, 0, *pages) == pages->size());
        CHECK(holds(device, 0, *pages));
        CHECK(co_await disk.read_at(commands, 512, *pages) == pages->size());
        CHECK(holds(device, 512, *pages));
        std::vector<int> flags;
        for (const auto& sqe : device.seen) {
            flags.push_back(sqe.head.rw_flags);
        }
        CHECK(flags == std::vector<int>{1, 0, 1, 0, 0});
    });
}

TEST_CASE("a driver that takes no NVMe commands by rings gets them by ioctl") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here);
        if (!passes_through(commands)) {
            co_return;
        }
        device.answers = {-EOPNOTSUPP};
        std::vector<std::byte> memory(512);
        CHECK(co_await disk.read_at(commands, 1024, std::span(memory)) == 512);
        CHECK(holds(device, 1024, std::span(memory)));
        CHECK(device.ioctls == 1);
    });
}

TEST_CASE("without NVMe passthrough, hidden or refused by the kernel, commands go by ioctl") {
    for (const auto* mask : {"nvme_passthrough", "poll_add"}) {
        CAPTURE(std::string(mask));
        imagined_nvme device(256);
        on_namespace(device, test::narrow(mask), [&](shard& here, nvme_namespace& disk) -> task<> {
            nvme_queue commands(here);
            CHECK_FALSE(commands.is_passthrough());
            std::vector<std::byte> memory(1024);
            const area apart[] = {{memory.data() + 512, 512}, {memory.data(), 512}};
            CHECK(co_await disk.read_at(commands, 512, std::span(apart)) == 1024);
            CHECK(holds(device, 512, std::span(apart)));
            const auto beyond = co_await disk.read_at(commands, 256 * 512, std::span(memory));
            CHECK(nvme_status_of(beyond.error()) == 0x080);
            CHECK(device.ioctls == 2);
            CHECK(commands.enters() == 0);
        });
    }
}

TEST_CASE("the kernel's own answer to an NVMe command for a file that is no device reaches us") {
    // The ring is the kernel's; the call that EOPNOTSUPP falls back to is the imagined device's.
    imagined_nvme device(256);
    auto with = test::tiny();
    with.calls = &device.calls();
    test::on_shard(with, [&](shard& here) -> task<> {
        auto disk = co_await nvme_namespace::open(here, "/dev/zero", open_mode::read);
        REQUIRE(disk);
        nvme_queue commands(here, {.sq_entries = 2});
        if (!passes_through(commands)) {
            co_return;
        }
        co_await test::read_many(device, *disk, commands, 20);
        CHECK(device.ioctls == 20);
        CHECK(commands.enters() > 0);
    });
}
