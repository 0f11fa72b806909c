// Options of a run with several shards that are as small as they can be.
#pragma once

#include "fixture.hpp"

#include <pelton/runtime/ring/feature.hpp>

#include <string>
#include <string_view>

namespace pelton::test {

inline options several(unsigned shards, std::string_view masked = "") {
    auto with = tiny();
    with.shards = shards;
    with.stall_ns = 0;
    std::string unknown;
    const auto parsed = parse_mask(masked, unknown);
    REQUIRE_MESSAGE(parsed.has_value(), "no such feature: ", unknown);
    with.ring.masked = *parsed;
    return with;
}

}  // namespace pelton::test
