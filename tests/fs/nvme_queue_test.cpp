// Many NVMe commands at once, and tasks that are to stop while the device has their memory.
#include "fs/on_namespace.hpp"

#include <pelton/runtime/fs/nvme_namespace.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <vector>

using namespace pelton;
using test::holds;
using test::imagined_nvme;
using test::on_namespace;
using test::passes_through;
using test::read_and_compare;
using test::read_many;

TEST_CASE("a hundred NVMe reads at once go through a queue of 2 entries, and through one of 128") {
    for (const unsigned entries : {1U, 2U, 128U}) {
        CAPTURE(entries);
        imagined_nvme device(256);
        on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
            nvme_queue commands(here, {.sq_entries = entries});
            co_await read_many(device, disk, commands, 100);
            if (passes_through(commands)) {
                // What was ready together was submitted together.
                CHECK(device.enters_seen <= (entries == 128 ? 1 : 100 / entries));
            }
        });
    }
}

TEST_CASE("NVMe commands end in whatever order the device ends them, long after they began") {
    imagined_nvme device(256);
    device.holds = true;
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here, {.sq_entries = 8});
        if (!passes_through(commands)) {
            co_return;
        }
        std::size_t done = 0;
        auto family = [&](children& kids) -> task<> {
            for (std::size_t i = 0; i < 20; ++i) {
                kids.spawn([&, i] { return read_and_compare(device, disk, commands, i, done); });
            }
            while (done < 20) {
                static_cast<void>(co_await sleep(std::chrono::milliseconds(1)));
                CHECK(device.held() <= 8);
                device.let_go();
            }
        };
        co_await scope(family);
        CHECK(done == 20);
    });
}

TEST_CASE("an NVMe queue lives through short enters, EINTR, EAGAIN and EBUSY") {
    imagined_nvme device(256);
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here, {.sq_entries = 4});
        if (!passes_through(commands)) {
            co_return;
        }
        for (int i = 0; i < 40; ++i) {
            device.enters.insert(device.enters.end(), {-EAGAIN, 1, -EINTR, 0, 2, -EBUSY, 3});
        }
        co_await read_many(device, disk, commands, 100);
        CHECK(device.seen.size() == 100);
    });
}

TEST_CASE("a task that was asked to stop begins no NVMe command, and waits for one that began") {
    imagined_nvme device(256);
    device.holds = true;
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here, {.sq_entries = 1});
        if (!passes_through(commands)) {
            co_return;
        }
        std::vector<std::byte> memory(512);
        std::vector<std::byte> other(512);
        std::optional<result<std::size_t>> begun;
        std::optional<result<std::size_t>> queued;
        auto family = [&](children& kids) -> task<> {
            kids.spawn(
                [&]() -> task<> { begun = co_await disk.read_at(commands, 0, std::span(memory)); });
            kids.spawn([&]() -> task<> {
                queued = co_await disk.read_at(commands, 512, std::span(other));
            });
            while (device.held() == 0) {
                static_cast<void>(co_await yield());
            }
            kids.request_stop();
            for (int i = 0; i < 10; ++i) {
                static_cast<void>(co_await sleep(std::chrono::milliseconds(1)));
            }
            // The one without a place has gone; the device still has the other's memory.
            REQUIRE(queued.has_value());
            CHECK(queued->error() == std::errc::operation_canceled);
            CHECK_FALSE(begun.has_value());
            device.let_go();
        };
        co_await scope(family);
        REQUIRE(begun.has_value());
        CHECK(*begun == 512);
        CHECK(holds(device, 0, std::span(memory)));
        CHECK(device.seen.size() == 1);
        std::error_code why;
        auto stopped = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                why = (co_await disk.read_at(commands, 0, std::span(memory))).error();
            });
            kids.request_stop();
            co_return;
        };
        co_await scope(stopped);
        CHECK(why == std::errc::operation_canceled);
        CHECK(device.seen.size() == 1);
    });
}

TEST_CASE("a shard whose tasks all wait for NVMe commands sleeps, and dump() names them") {
    imagined_nvme device(256);
    device.holds = true;
    on_namespace(device, test::tiny(), [&](shard& here, nvme_namespace& disk) -> task<> {
        nvme_queue commands(here, {.sq_entries = 1});
        if (!passes_through(commands)) {
            co_return;
        }
        auto family = [&](children& kids) -> task<> {
            std::size_t done = 0;
            kids.spawn([&] { return read_and_compare(device, disk, commands, 3, done); });
            while (device.held() == 0) {
                static_cast<void>(co_await yield());
            }
            const auto turns = here.counters().turns;
            static_cast<void>(co_await sleep(std::chrono::milliseconds(20)));
            CHECK(here.counters().turns - turns < 10);
            CHECK(test::says(here.dump(), "NVMe read in the kernel for"));
            device.let_go();
            while (done == 0) {
                static_cast<void>(co_await yield());
            }
        };
        co_await scope(family);
    });
}

TEST_CASE("an NVMe queue or namespace that dies before its commands ends the process") {
    const auto ending = [](bool queue) {
        return test::ending_of([&] {
            imagined_nvme device(256);
            device.holds = true;
            auto with = test::tiny();
            with.ring_kernel = &device.ring();
            with.calls = &device.calls();
            static_cast<void>(run(with, [&](shard& here) -> task<> {
                auto opened = co_await nvme_namespace::open(here, "/dev/null", open_mode::read);
                std::optional<nvme_namespace> disk(std::move(*opened));
                std::optional<nvme_queue> commands(std::in_place, here);
                std::size_t done = 0;
                auto family = [&](children& kids) -> task<> {
                    kids.spawn([&] { return read_and_compare(device, *disk, *commands, 1, done); });
                    while (device.held() == 0) {
                        static_cast<void>(co_await yield());
                    }
                    if (queue) {
                        commands.reset();
                    } else {
                        disk.reset();
                    }
                };
                co_await scope(family);
            }));
        });
    };
    bool here_too = false;
    test::on_shard([&](shard& here) -> task<> {
        here_too = passes_through(nvme_queue(here));
        co_return;
    });
    if (!here_too) {
        return;
    }
    const auto queue = ending(true);
    CHECK(queue.signal == SIGABRT);
    CHECK(test::says(queue.text, "an NVMe queue was destroyed while commands on it are pending"));
    const auto disk = ending(false);
    CHECK(disk.signal == SIGABRT);
    CHECK(test::says(disk.text, "destroyed while operations on it are pending"));
}
