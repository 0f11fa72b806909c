// NOPs by hand: `depth` flows, each with one NOP in flight, as a state machine around one ring.
#pragma once

#include <pelton/bench/raw/ring.hpp>

#include <cstdint>
#include <vector>

namespace pelton::bench {

class raw_nop {
public:
    explicit raw_nop(unsigned depth);

    // `operations` NOPs in all, shared out evenly; ends the process if one fails.
    void run(std::uint64_t operations);

private:
    struct flow {
        std::uint64_t left;
    };
    void submit(flow& by) noexcept;

    raw_ring ring_;
    std::vector<flow> flows_;
};

}  // namespace pelton::bench
