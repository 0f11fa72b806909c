// Operations on names and files, and the entries of a directory, cost no memory once warm.
#include "counted_new.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/task/frame_pool.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace pelton;

TEST_CASE(
    "a thousand operations by either way, and a thousand entries, allocate nothing once warm") {
    if (!frame_pool::keeps_frames() || !test::counts_new) {
        pelton_test::skip("this build keeps no coroutine frames, or cannot count");
        return;
    }
    const test::scratch_directory scratch("/dev/shm");
    for (int i = 0; i < 1'000; ++i) {
        static_cast<void>(test::make_file(scratch / std::to_string(i), {}));
    }
    options with;
    with.blocking_threads_max = 1;  // a second one may start late, and costs an allocation
    test::on_shard(with, [&](shard& here) -> task<> {
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        std::size_t counted = 0;
        for (int round = 0; round < 1'000; ++round) {
            if (round == 100) {
                counted = test::allocations;
            }
            const auto chosen = round % 2 == 0 ? via::ring : via::thread;
            const auto known = co_await where->stat("7", {}, chosen);
            const auto kept = co_await where->rename("7", *where, "8", renaming::keeps, chosen);
            REQUIRE((known && !kept));
        }
        CHECK(test::allocations == counted);
        auto entries = where->entries();
        for (int seen = 0; seen < 1'000; ++seen) {
            if (seen == 1) {
                counted = test::allocations;  // the first batch is there
            }
            const auto next = co_await entries.next();
            REQUIRE((next && *next));
        }
        CHECK(test::allocations == counted);
    });
}
