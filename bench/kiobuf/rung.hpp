// One step of the ladder from 2.4's raw I/O to ours: a way to read `operations` times the same
// number of bytes from one file.
#pragma once

#include <pelton/bench/kiobuf/kio.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace pelton::bench::kiobuf {

// Reads of `bytes`, through the file from its beginning, round and round; `depth` at a time, each
// of those into its own `bytes` of `memory`. File and memory are the same for every rung.
struct workload {
    std::string path;
    std::uint64_t file_bytes;
    std::byte* memory;
    std::size_t bytes;
    unsigned depth;

    std::uint64_t offset_of(std::uint64_t operation) const {
        return operation % (file_bytes / bytes) * bytes;
    }
    std::byte* slot(std::uint64_t index) const { return memory + index * bytes; }
};

struct rung {
    std::string name;
    std::function<void(std::uint64_t operations)> run;  // ends the process if a read fails
};

}  // namespace pelton::bench::kiobuf
