// The ways an operation can go: by the ring, by a thread, and by a thread since the ring lacks it.
#pragma once

#include "op/on_shard.hpp"
#include "skip.hpp"

#include <pelton/runtime/op/via.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pelton::test {

// Runs `main(shard&, via)` on a shard of its own for each way; `opcodes` are hidden for the last.
// `main` must make exactly `operations` operations, and the way is checked by who made them.
template <class F>
void every_way(std::string_view opcodes, std::uint64_t operations, F&& main) {
    struct way {
        std::string_view name;
        std::string_view masked;
        via chosen;
        bool by_thread;
    };
    const std::array<way, 3> ways{{{"ring", "", via::ring, false},
                                   {"thread", "", via::thread, true},
                                   {"masked", opcodes, via::ring, true}}};
    for (const auto& each : ways) {
        const std::string name(each.name);
        CAPTURE(name);
        on_shard(masked(each.masked), [&](shard& here) -> task<> {
            for (const auto& one : feature_table()) {
                std::string ignored;
                const auto asked = parse_mask(opcodes, ignored);
                if (asked->test(static_cast<std::size_t>(one.id)) && each.masked.empty() &&
                    !here.known().has(one.id)) {
                    co_return;  // this kernel lacks it: what is left is what is masked elsewhere
                }
            }
            const auto before = here.counters().offloads;
            co_await main(here, each.chosen);
            if (!here.known().has(feature::openat2) &&
                opcodes.find("openat2") == std::string_view::npos) {
                pelton_test::skip("who made the operations: opening their file takes a thread too");
                co_return;
            }
            CHECK(here.counters().offloads - before == (each.by_thread ? operations : 0));
        });
    }
}

}  // namespace pelton::test
