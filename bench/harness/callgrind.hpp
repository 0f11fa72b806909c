// User instructions for each operation, counted by valgrind.
//
// The program runs itself under callgrind twice, in a hidden mode that does nothing but one
// contender's operations, with two operation counts. The difference of the instruction counts,
// divided by the difference of the operations, has no start-up in it and no noise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pelton::bench {

struct instruction_run {
    std::vector<std::string> arguments;  // of this program; "--operations N" is appended
    std::uint64_t fewer;
    std::uint64_t more;
};

// Empty when valgrind is missing or a run failed; standard error says why.
std::optional<double> instructions_per_operation(const instruction_run& run);

}  // namespace pelton::bench
