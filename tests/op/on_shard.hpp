// Options for a test's shard, with features masked.
#pragma once

#include "fixture.hpp"

#include <pelton/runtime/ring/feature.hpp>

#include <string>
#include <string_view>

namespace pelton::test {

inline options masked(std::string_view names) {
    std::string unknown;
    const auto parsed = parse_mask(names, unknown);
    REQUIRE_MESSAGE(parsed.has_value(), "no such feature: ", unknown);
    options with;
    with.ring.masked = *parsed;
    return with;
}

// Two SQ entries, so that what starts at once mostly waits for room, and pages enough.
inline options narrow(std::string_view names = "") {
    auto with = masked(names);
    with.ring.sq_entries = 2;
    return with;
}

}  // namespace pelton::test
