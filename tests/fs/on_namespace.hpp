// Runs a test on an imagined NVMe namespace.
#pragma once

#include "fs/imagined_nvme.hpp"
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/nvme_namespace.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pelton::test {

// Gives `with` the imagined namespace, then runs `main(shard&, nvme_namespace&)`.
template <class F>
void on_namespace(imagined_nvme& device, options with, F main) {
    with.ring_kernel = &device.ring();
    with.calls = &device.calls();
    on_shard(with, [&](shard& here) -> task<> {
        auto disk = co_await nvme_namespace::open(here, "/dev/null", open_mode::read_write);
        REQUIRE_MESSAGE(disk.has_value(), disk.error().message());
        co_await main(here, *disk);
    });
}

inline bool holds(const imagined_nvme& device, std::size_t at, areas memory) {
    const auto bytes = gather(memory);
    return std::equal(bytes.begin(), bytes.end(), device.bytes.begin() + static_cast<long>(at));
}

// Skips where commands go by a thread: no kernel support, or a mask for all tests.
inline bool passes_through(const nvme_queue& commands) {
    if (!commands.is_passthrough()) {
        pelton_test::skip("rings take no NVMe commands here");
    }
    return commands.is_passthrough();
}

// Reads a block into memory of its own.
inline task<> read_and_compare(imagined_nvme& device, nvme_namespace& disk, nvme_queue& by,
                               std::size_t block, std::size_t& done) {
    std::vector<std::byte> memory(512);
    const auto got = co_await disk.read_at(by, block * 512, std::span(memory));
    CHECK(got == 512);
    CHECK(holds(device, block * 512, std::span(memory)));
    ++done;
}

inline task<> read_many(imagined_nvme& device, nvme_namespace& disk, nvme_queue& by,
                        std::size_t count) {
    std::size_t done = 0;
    auto family = [&](children& kids) -> task<> {
        for (std::size_t i = 0; i < count; ++i) {
            kids.spawn([&, i] { return read_and_compare(device, disk, by, i * 5 % 256, done); });
        }
        co_return;
    };
    co_await scope(family);
    CHECK(done == count);
}

}  // namespace pelton::test
