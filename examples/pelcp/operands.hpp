// What the names on the command line mean together: which are copied, and to where.
#pragma once

#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/workshop.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pelcp {

struct named_operands {
    std::vector<std::string> names;
    std::optional<std::string> target_directory;  // -t
    bool no_target_directory = false;             // -T
};

struct itinerary {
    // One after the other: two operands of the same name would write to the same target at once.
    std::vector<std::shared_ptr<const listing>> rounds;
    descriptor directory;  // where the targets go; none means that paths are taken as they are
    std::string prefix;    // its name in messages
    bool misused = false;  // the complaint wants a hint at --help behind it
};

// Complains, and returns no rounds, when they make no sense together.
itinerary plan(job& on, named_operands given);

}  // namespace pelcp
