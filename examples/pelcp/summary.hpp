// --json: what was done, for a program to read.
#pragma once

#include <pelton/examples/pelcp/tally.hpp>

namespace pelcp {

void print_summary(const tally& total, std::uint64_t nanoseconds);

}  // namespace pelcp
