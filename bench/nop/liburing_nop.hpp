// NOPs as a user of liburing writes them: get_sqe, prep, set_data, for_each_cqe, cq_advance. Only
// the enter is ours, since liburing 2.3's own cannot pass NO_IOWAIT and fills an array that
// NO_SQARRAY does not have. This is the rival of the bars; raw_nop.hpp is what remains when even
// liburing's checks for room are left out.
#pragma once

#include <pelton/bench/raw/ring.hpp>

#include <cstdint>
#include <vector>

namespace pelton::bench {

class liburing_nop {
public:
    explicit liburing_nop(unsigned depth);

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
