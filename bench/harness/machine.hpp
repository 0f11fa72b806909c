// The machine a number was made on. A number without it is worth nothing.
#pragma once

#include <string>
#include <vector>

namespace pelton::bench {

struct machine {
    std::string cpu;
    long cores;
    std::string kernel;
    long memory_mib;
    std::string filesystem;  // of the directory the benchmark's files are in
    std::string io_uring;
    std::string huge_pages;
    std::string governor;
    std::string compiler;
};

machine describe_machine(const std::string& directory);

}  // namespace pelton::bench
