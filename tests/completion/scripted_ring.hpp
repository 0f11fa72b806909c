// A ring in heap memory whose kernel is the test: it notes every SQE and posts the CQEs it is told
// to, in enter() alone. It counts what it owes, so that a test sees whether the CQ could overflow.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace pelton::test {

struct seen_sqe {
    std::uint8_t opcode = 0;
    std::uint8_t flags = 0;
    std::uint64_t user_data = 0;
    std::uint64_t address = 0;  // of a cancel: the user_data it is aimed at
    unsigned enter = 0;         // in which enter it was taken, from 1
};

class scripted_ring final : public ring_face {
public:
    // The CQE for an SQE, delivered by the next enter().
    void post(std::uint64_t user_data, std::int32_t outcome, std::uint32_t flags = 0) {
        pending_.push_back({user_data, outcome, flags});
    }
    // Takes at most so many SQEs in each enter.
    void take_at_most(unsigned count) noexcept { takes_max_ = count; }
    // Answers each cancel with -ENOENT by itself.
    void find_nothing() noexcept { finds_nothing_ = true; }

    const std::vector<seen_sqe>& seen() const noexcept { return seen_; }
    unsigned enters() const noexcept { return enters_; }
    unsigned last_wait_for() const noexcept { return last_wait_for_; }
    unsigned owed_peak() const noexcept { return owed_peak_; }
    unsigned cq_entries() const noexcept { return cq_entries_; }

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        sq_entries_ = std::bit_ceil(entries);
        cq_entries_ = std::max(std::bit_ceil(params.cq_entries), sq_entries_);
        params.sq_entries = sq_entries_;
        params.cq_entries = cq_entries_;
        params.features = abi::feature_ext_arg | abi::feature_nodrop | abi::feature_submit_stable;
        sqes_ = std::make_unique<io_uring_sqe[]>(sq_entries_);
        cqes_ = std::make_unique<io_uring_cqe[]>(cq_entries_);
        sq_mask_ = sq_entries_ - 1;
        cq_mask_ = cq_entries_ - 1;
        ring = {};
        ring.sq.khead = &sq_head_;
        ring.sq.ktail = &sq_tail_;
        ring.sq.kring_mask = &sq_mask_;
        ring.sq.kring_entries = &sq_entries_;
        ring.sq.kflags = &sq_flags_;
        ring.sq.kdropped = &dropped_;
        ring.sq.sqes = sqes_.get();
        ring.cq.khead = &cq_head_;
        ring.cq.ktail = &cq_tail_;
        ring.cq.kring_mask = &cq_mask_;
        ring.cq.kring_entries = &cq_entries_;
        ring.cq.kflags = &cq_flags_;
        ring.cq.koverflow = &dropped_;
        ring.cq.cqes = cqes_.get();
        ring.flags = params.flags;
        ring.features = params.features;
        ring.ring_fd = ring.enter_ring_fd = -1;
        return 0;
    }

    int enter(io_uring&, unsigned to_submit, unsigned wait_for, unsigned, void*,
              std::size_t) noexcept override {
        ++enters_;
        last_wait_for_ = wait_for;
        unsigned taken = 0;
        while (sq_head_ != sq_tail_ && taken < to_submit && taken < takes_max_) {
            take(sqes_[sq_head_ & sq_mask_]);
            ++sq_head_;
            ++taken;
        }
        owed_peak_ = std::max(owed_peak_, owed_);
        for (const auto& each : std::exchange(pending_, {})) {
            auto& cqe = cqes_[cq_tail_ & cq_mask_];
            cqe = {};
            cqe.user_data = each.user_data;
            cqe.res = each.outcome;
            cqe.flags = each.flags;
            ++cq_tail_;
            owed_ -= (each.flags & abi::cqe_more) == 0 ? 1 : 0;
        }
        return static_cast<int>(taken);
    }

    int register_with(io_uring&, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        if (opcode == abi::register_sync_cancel) {
            return -ENOENT;
        }
        if (opcode != abi::register_probe) {
            return -EINVAL;
        }
        auto& probe = *static_cast<io_uring_probe*>(argument);
        probe.last_op = abi::op_writev_fixed;
        for (unsigned i = 0; i <= probe.last_op && i < count; ++i) {
            probe.ops[i].flags = IO_URING_OP_SUPPORTED;
        }
        return 0;
    }
    void tear_down(io_uring&) noexcept override {}
    const std::atomic<unsigned>& forks() const noexcept override { return forks_; }

private:
    struct promised_cqe {
        std::uint64_t user_data;
        std::int32_t outcome;
        std::uint32_t flags;
    };

    void take(const io_uring_sqe& sqe) {
        seen_.push_back({.opcode = sqe.opcode,
                         .flags = sqe.flags,
                         .user_data = sqe.user_data,
                         .address = sqe.addr,
                         .enter = enters_});
        ++owed_;
        if (finds_nothing_ && sqe.opcode == abi::op_async_cancel) {
            post(sqe.user_data, -ENOENT);
        }
    }

    std::unique_ptr<io_uring_sqe[]> sqes_;
    std::unique_ptr<io_uring_cqe[]> cqes_;
    unsigned sq_head_ = 0, sq_tail_ = 0, sq_mask_ = 0, sq_entries_ = 0, sq_flags_ = 0;
    unsigned cq_head_ = 0, cq_tail_ = 0, cq_mask_ = 0, cq_entries_ = 0, cq_flags_ = 0;
    unsigned dropped_ = 0;

    std::vector<promised_cqe> pending_;
    std::vector<seen_sqe> seen_;
    unsigned takes_max_ = UINT32_MAX;
    bool finds_nothing_ = false;
    unsigned enters_ = 0;
    unsigned last_wait_for_ = 0;
    unsigned owed_ = 0;
    unsigned owed_peak_ = 0;
    std::atomic<unsigned> forks_{0};  // none, as far as it knows
};

}  // namespace pelton::test
