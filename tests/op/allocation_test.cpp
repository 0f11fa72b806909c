// Transfers and the coroutines around them cost no memory once warm.
#include "counted_new.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/task/frame_pool.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace pelton;

namespace {

constexpr int rounds = 100'000;

// One coroutine more than the operations themselves, as a program would have it.
task<> read_and_write(file& on, const areas& one, const areas& several, const areas& cut,
                      std::uint64_t at) {
    const auto first = co_await on.read_at(at, one);
    const auto second = co_await on.read_at(at, several);
    const auto third = co_await on.read_exactly_at(at, cut);
    REQUIRE((first && second && third));
    REQUIRE(*first + *second + *third == one.bytes() + several.bytes() + cut.bytes());
}

}  // namespace

TEST_CASE("a hundred thousand transfers allocate nothing once warm" * doctest::test_suite("slow")) {
    if (!frame_pool::keeps_frames() || !test::counts_new) {
        pelton_test::skip("this build keeps no coroutine frames, or cannot count");
        return;
    }
    const test::scratch_directory directory("/dev/shm");
    const auto path = test::make_file(directory / "file", test::random_bytes(65536, 1));
    test::on_shard(options{}, [&](shard& here) -> task<> {
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        auto pages = co_await here.pages().take(4);
        REQUIRE(pages.has_value());
        std::array<area, 20> scattered{};
        for (std::size_t i = 0; i < scattered.size(); ++i) {
            scattered[i] = {pages->data() + 700 * i, 512};
        }
        const auto several = areas(std::span(scattered));
        const auto cut = several.skip(100).first(5000);
        std::size_t counted = 0;
        for (int round = 0; round < rounds / 4; ++round) {
            if (round == 100) {
                counted = test::allocations;
            }
            co_await read_and_write(*on, pages->first(4096), several, cut, 512);
            const auto put = co_await on->write_all_at(512, cut);
            REQUIRE(put.has_value());
        }
        CHECK(test::allocations == counted);
        CHECK(here.counters().fixed_transfers + here.counters().plain_transfers == rounds);
    });
}
