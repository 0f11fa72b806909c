// The real kernel's rings, and a look at every SQE on its way there.
#pragma once

#include <pelton/runtime/kernel/ring_face.hpp>

#include <cstddef>
#include <vector>

namespace pelton::test {

class watching_ring final : public ring_face {
public:
    std::vector<io_uring_sqe> seen;  // in order of submission

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return real_.set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const unsigned tail = __atomic_load_n(ring.sq.ktail, __ATOMIC_ACQUIRE);
        std::vector<io_uring_sqe> offered;
        for (unsigned at = tail - to_submit; at != tail; ++at) {
            offered.push_back(ring.sq.sqes[at & *ring.sq.kring_mask]);
        }
        const int entered = real_.enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        for (int i = 0; i < entered; ++i) {
            seen.push_back(offered[static_cast<std::size_t>(i)]);
        }
        return entered;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return real_.register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { real_.tear_down(ring); }
    unsigned fork_count() const noexcept override { return real_.fork_count(); }

private:
    ring_face& real_ = linux_ring();
};

}  // namespace pelton::test
