// The real ring of an older kernel: it refuses set-up flags and registrations that it does not
// know.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace pelton::test {

class peeling_ring final : public ring_face {
public:
    void refuse_flags(unsigned flags) noexcept { refused_flags_ |= flags; }
    void refuse_registration(unsigned opcode) { refused_.push_back(opcode); }
    // The set-up flags of each attempt.
    const std::vector<unsigned>& attempts() const noexcept { return attempts_; }

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        attempts_.push_back(params.flags);
        if ((params.flags & refused_flags_) != 0) {
            return -EINVAL;
        }
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        return linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        if (std::find(refused_.begin(), refused_.end(), opcode) != refused_.end()) {
            return -EINVAL;
        }
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

private:
    unsigned refused_flags_ = 0;
    std::vector<unsigned> refused_;
    std::vector<unsigned> attempts_;
};

}  // namespace pelton::test
