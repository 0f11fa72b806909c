#include <pelton/bench/harness/callgrind.hpp>
#include <pelton/bench/harness/process.hpp>

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <system_error>

namespace pelton::bench {
namespace {

std::optional<double> count_instructions(std::vector<std::string> arguments,
                                         std::uint64_t operations) {
    const std::string out = "/tmp/pelton-callgrind." + std::to_string(getpid());
    std::vector<std::string> command = {"valgrind", "--quiet", "--tool=callgrind",
                                        "--callgrind-out-file=" + out, own_path()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.insert(command.end(), {"--operations", std::to_string(operations)});
    try {
        if (const run_cost cost = run_program(command); cost.exit_code != 0) {
            std::fprintf(stderr, "the run under valgrind ended with %d\n", cost.exit_code);
            return {};
        }
    } catch (const std::system_error& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return {};
    }
    std::ifstream profile(out);
    std::optional<double> total;
    for (std::string line; std::getline(profile, line);) {
        if (line.starts_with("summary: ")) total = total.value_or(0) + std::stod(line.substr(9));
    }
    unlink(out.c_str());
    return total;
}

}  // namespace

std::optional<double> instructions_per_operation(const instruction_run& run) {
    const auto few = count_instructions(run.arguments, run.fewer);
    const auto many = count_instructions(run.arguments, run.more);
    if (!few || !many) return {};
    return (*many - *few) / static_cast<double>(run.more - run.fewer);
}

}  // namespace pelton::bench
