// Reads into scattered pages by hand, by READV or READV_FIXED: `depth` flows around one ring.
#pragma once

#include <pelton/bench/raw/ring.hpp>
#include <pelton/bench/read/random_blocks.hpp>
#include <pelton/bench/scatter/scatter_plan.hpp>

#include <vector>

namespace pelton::bench {

class raw_scatter {
public:
    enum class memory { plain, registered };

    raw_scatter(const scatter_plan& plan, memory how);
    raw_scatter(const raw_scatter&) = delete;
    raw_scatter& operator=(const raw_scatter&) = delete;
    ~raw_scatter();

    // `operations` reads in all, shared out evenly; ends the process if one fails.
    void run(std::uint64_t operations);

private:
    struct flow {
        random_blocks blocks;
        std::vector<iovec> entries;
        std::uint64_t offset;
        std::uint64_t left;
    };
    void submit(flow& by) noexcept;

    scatter_plan plan_;
    raw_ring ring_;
    int descriptor_;
    std::uint8_t opcode_;
    std::vector<flow> flows_;
};

}  // namespace pelton::bench
