// A file whose descriptor is registered: the same bytes, by another name.
#include "op/layout.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "op/watching_ring.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

using namespace pelton;

namespace {

// How many reads and writes named the file, and how.
struct transfers {
    int by_place = 0;
    int by_descriptor = 0;
};

transfers count(const std::vector<io_uring_sqe>& seen, int descriptor) {
    transfers counted;
    for (const auto& sqe : seen) {
        const bool moves = sqe.opcode == abi::op_read || sqe.opcode == abi::op_read_fixed ||
                           sqe.opcode == abi::op_readv || sqe.opcode == abi::op_readv_fixed ||
                           sqe.opcode == abi::op_write || sqe.opcode == abi::op_write_fixed ||
                           sqe.opcode == abi::op_writev || sqe.opcode == abi::op_writev_fixed;
        const bool fixed = (sqe.flags & abi::sqe_fixed_file) != 0;
        counted.by_place += moves && fixed ? 1 : 0;
        counted.by_descriptor += moves && !fixed && sqe.fd == descriptor ? 1 : 0;
    }
    return counted;
}

// Writes and reads, contiguous and scattered, in registered memory and in other.
task<> write_and_read(shard& here, file& of) {
    auto pages = here.pages().take_now(2);
    REQUIRE(pages.has_value());
    std::vector<std::byte> heap(pages->size());
    for (const auto memory : {pages->bytes(), std::span(heap)}) {
        const auto bytes = test::random_bytes(memory.size(), memory.size() + heap.size());
        std::ranges::copy(bytes, memory.begin());
        REQUIRE((co_await of.write_all_at(0, areas(memory))).has_value());
        std::ranges::fill(memory, std::byte{});
        REQUIRE((co_await of.read_exactly_at(0, areas(memory))).has_value());
        CHECK(std::ranges::equal(memory, bytes));
        std::ranges::fill(memory, std::byte{});
        const std::array<area, 2> halves{
            area{memory.data(), memory.size() / 2},
            area{memory.data() + memory.size() / 2, memory.size() / 2}};
        REQUIRE((co_await of.read_exactly_at(0, areas(std::span(halves)))).has_value());
        CHECK(std::ranges::equal(memory, bytes));
    }
}

constexpr auto fresh = open_mode::read | open_mode::write | open_mode::create;

}  // namespace

TEST_CASE("a registered file is transferred to and from by its place, and the bytes are the same") {
    for (const auto mask :
         {"", "readv_fixed,writev_fixed", "read_fixed,write_fixed", "registered_descriptors"}) {
        CAPTURE(mask);
        const test::scratch_directory where;
        test::watching_ring ring;
        auto with = test::narrow(mask);
        with.ring_kernel = &ring;
        test::on_shard(with, [&](shard& here) -> task<> {
            auto made = co_await file::open(here, where / "file", fresh);
            REQUIRE(made.has_value());
            const bool registered = made->register_descriptor();
            CHECK(registered == here.queues().has(feature::registered_descriptors));
            CHECK(made->register_descriptor() == registered);
            co_await write_and_read(here, *made);
            const auto counted = count(ring.seen, made->descriptor());
            CHECK((counted.by_place > 0) == registered);
            CHECK((counted.by_descriptor > 0) == !registered);
            CHECK((co_await made->close()).has_value());
        });
    }
}

TEST_CASE(
    "a place comes home when its file closes, dies, or is replaced, and stays when it moves") {
    const test::scratch_directory where;
    auto with = test::narrow();
    with.ring.registered_descriptors_max = 1;
    test::on_shard(with, [&](shard& here) -> task<> {
        const bool has = here.queues().has(feature::registered_descriptors);
        auto next = [&]() -> task<file> {
            auto made = co_await file::open(here, where / "file", fresh);
            co_return std::move(made.value());
        };
        {
            auto first = co_await next();
            CHECK(first.register_descriptor() == has);
            auto other = co_await next();
            CHECK(!other.register_descriptor());
            auto moved = std::move(first);
            CHECK(moved.register_descriptor() == has);
            co_await write_and_read(here, moved);
            moved = co_await next();
            CHECK(moved.register_descriptor() == has);
        }
        auto second = co_await next();
        CHECK(second.register_descriptor() == has);
        co_await write_and_read(here, second);
        CHECK((co_await second.close()).has_value());
        auto third = co_await next();
        CHECK(third.register_descriptor() == has);
    });
}
