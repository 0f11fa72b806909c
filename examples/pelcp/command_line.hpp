// The options, in cp's words where cp has the option.
#pragma once

#include <pelton/examples/pelcp/operands.hpp>
#include <pelton/examples/pelcp/settings.hpp>

#include <optional>
#include <string>

namespace pelcp {

struct command {
    settings wanted;
    named_operands operands;
    bool kernel_info = false;
};

struct parsed {
    std::optional<command> what;  // or nothing, and:
    int exit_code = 0;
};

// Prints what --help and --version ask for, and what is wrong with the options.
parsed parse(int argc, char** argv);

// The line after a complaint about how pelcp was called.
void point_at_help();

}  // namespace pelcp
