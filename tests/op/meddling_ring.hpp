// The real kernel's rings, with other outcomes put into the CQEs before anyone reads them: answers
// that a real kernel gives too rarely for a test to wait for.
#pragma once

#include "forwarding_ring.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace pelton::test {

class meddling_ring final : public forwarding_ring {
public:
    std::deque<int> answers;          // for the next CQEs, in order
    std::function<int(int)> replace;  // for the others, if there is one

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        seen_ = 0;
        return forwarding_ring::set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int entered =
            forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        const unsigned tail = __atomic_load_n(ring.cq.ktail, __ATOMIC_ACQUIRE);
        for (; seen_ != tail; ++seen_) {
            auto& outcome = ring.cq.cqes[seen_ & *ring.cq.kring_mask].res;
            if (!answers.empty()) {
                outcome = answers.front();
                answers.pop_front();
            } else if (replace) {
                outcome = replace(outcome);
            }
        }
        return entered;
    }

private:
    unsigned seen_ = 0;
};

}  // namespace pelton::test
