// The real kernel's rings, and a look at every SQE on its way there.
#pragma once

#include "forwarding_ring.hpp"

#include <cstddef>
#include <vector>

namespace pelton::test {

class watching_ring final : public forwarding_ring {
public:
    std::vector<io_uring_sqe> seen;  // in order of submission

    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const unsigned tail = __atomic_load_n(ring.sq.ktail, __ATOMIC_ACQUIRE);
        std::vector<io_uring_sqe> offered;
        for (unsigned at = tail - to_submit; at != tail; ++at) {
            offered.push_back(ring.sq.sqes[at & *ring.sq.kring_mask]);
        }
        const int entered =
            forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        for (int i = 0; i < entered; ++i) {
            seen.push_back(offered[static_cast<std::size_t>(i)]);
        }
        return entered;
    }
};

}  // namespace pelton::test
