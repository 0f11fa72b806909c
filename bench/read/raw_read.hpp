// READ_FIXED by hand: `depth` flows around one ring, on registered memory.
#pragma once

#include <pelton/bench/raw/ring.hpp>
#include <pelton/bench/read/random_blocks.hpp>
#include <pelton/bench/read/read_plan.hpp>

#include <vector>

namespace pelton::bench {

class raw_read {
public:
    // With a direct descriptor the kernel need not count references of the file for each read.
    enum class file { plain, direct_descriptor };

    raw_read(const read_plan& plan, file how);
    raw_read(const raw_read&) = delete;
    raw_read& operator=(const raw_read&) = delete;
    ~raw_read();

    // `operations` reads in all, shared out evenly; ends the process if one fails.
    void run(std::uint64_t operations);

private:
    struct flow {
        random_blocks blocks;
        std::span<std::byte> memory;
        std::uint64_t offset;
        std::uint64_t left;
    };
    void submit(flow& by) noexcept;

    read_plan plan_;
    raw_ring ring_;
    int descriptor_;
    std::uint8_t flags_;
    std::vector<flow> flows_;
};

}  // namespace pelton::bench
