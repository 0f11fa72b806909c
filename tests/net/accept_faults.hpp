// The real ring, in which chosen accepts fail: the kernel gives some answers too rarely, or only to
// a machine in trouble, for a test to wait for them.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <deque>
#include <map>

namespace pelton::test {

class accept_faults final : public ring_face {
public:
    // What the next accepts are answered with, positive errno values, in order.
    std::deque<int> errors;

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        spoil(ring);
        const int entered =
            linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        answer(ring);
        return entered;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

private:
    // On no descriptor, an accept takes no connection that would then be lost.
    void spoil(io_uring& ring) {
        for (auto at = *ring.sq.khead; at != *ring.sq.ktail && !errors.empty(); ++at) {
            auto& sqe = ring.sq.sqes[at & *ring.sq.kring_mask];
            if (sqe.opcode == abi::op_accept && !spoiled_.contains(sqe.user_data)) {
                sqe.fd = -1;
                spoiled_[sqe.user_data] = errors.front();
                errors.pop_front();
            }
        }
    }
    void answer(io_uring& ring) {
        for (auto at = *ring.cq.khead; at != *ring.cq.ktail; ++at) {
            auto& cqe = ring.cq.cqes[at & *ring.cq.kring_mask];
            if (const auto found = spoiled_.find(cqe.user_data); found != spoiled_.end()) {
                cqe.res = -found->second;
                spoiled_.erase(found);
            }
        }
    }

    std::map<std::uint64_t, int> spoiled_;
};

}  // namespace pelton::test
