// Child programs: run, measured, or read.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace pelton::bench {

struct run_cost {
    int exit_code;  // 128 + the signal when one ended it
    double wall;
    double cpu;  // user and system, of the child and its threads
};

// Starts the program by posix_spawn, found in PATH unless it has a slash, and waits for it.
// Its standard output is discarded. Throws std::system_error when it cannot be started.
run_cost run_program(const std::vector<std::string>& arguments);

// The path of the program that is running.
std::string own_path();

// Seconds of CPU that a living process has used, user and system. 0 when there is none.
double cpu_of(pid_t process);

// Keeps the calling thread on one core, if there are that many.
void stay_on_core(unsigned core);

}  // namespace pelton::bench
