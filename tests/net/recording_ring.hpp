// The real ring, and a record of what went through it: every SQE, every CQE, and which memory each
// provided buffer was when the kernel picked it.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <sys/uio.h>

#include <cstdint>
#include <map>
#include <vector>

namespace pelton::test {

class recording_ring final : public ring_face {
public:
    struct cqe {
        std::uint64_t user_data;
        std::int32_t res;
        std::uint32_t flags;
    };
    struct buffer {
        std::uint64_t address;
        std::uint32_t bytes;
    };

    std::vector<io_uring_sqe> sqes;
    std::vector<cqe> cqes;
    std::vector<buffer> written;  // each area of each write to a file, in order
    std::vector<buffer> named;    // by each CQE with F_BUFFER, in order

    std::size_t count(std::uint8_t opcode) const {
        std::size_t found = 0;
        for (const auto& each : sqes) {
            found += each.opcode == opcode ? 1 : 0;
        }
        return found;
    }

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        seen_ = 0;
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        for (auto at = *ring.sq.khead; at != *ring.sq.ktail; ++at) {
            note(ring.sq.sqes[at & *ring.sq.kring_mask]);
        }
        note_buffers();
        const int entered =
            linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        const unsigned tail = __atomic_load_n(ring.cq.ktail, __ATOMIC_ACQUIRE);
        for (; seen_ != tail; ++seen_) {
            note(ring.cq.cqes[seen_ & *ring.cq.kring_mask]);
        }
        return entered;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        if (opcode == abi::register_pbuf_ring) {
            const auto& made = *static_cast<io_uring_buf_reg*>(argument);
            buffers_ = reinterpret_cast<const io_uring_buf*>(made.ring_addr);
            entries_ = made.ring_addr != 0 ? made.ring_entries : 0;
        }
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override {
        entries_ = 0;
        linux_ring().tear_down(ring);
    }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

private:
    // Entries that were provided since are new; the kernel moves the start of one that it consumes
    // in parts, whose pages stay the same.
    void note_buffers() {
        const std::uint16_t tail = entries_ == 0 ? 0 : buffers_[0].resv;
        for (; provided_ != tail; ++provided_) {
            const auto& one = buffers_[provided_ & (entries_ - 1)];
            by_id_[one.bid] = {one.addr, one.len};
        }
    }
    void note(const io_uring_cqe& one) {
        cqes.push_back({one.user_data, one.res, one.flags});
        if ((one.flags & abi::cqe_buffer) != 0) {
            named.push_back(by_id_.at(static_cast<std::uint16_t>(one.flags >> 16)));
        }
    }
    void note(const io_uring_sqe& one) {
        sqes.push_back(one);
        if (one.opcode == abi::op_write_fixed || one.opcode == abi::op_write) {
            written.push_back({one.addr, one.len});
        } else if (one.opcode == abi::op_writev_fixed || one.opcode == abi::op_writev) {
            const auto* entries = reinterpret_cast<const iovec*>(one.addr);
            for (unsigned i = 0; i < one.len; ++i) {
                written.push_back({reinterpret_cast<std::uint64_t>(entries[i].iov_base),
                                   static_cast<std::uint32_t>(entries[i].iov_len)});
            }
        }
    }

    unsigned seen_ = 0;
    const io_uring_buf* buffers_ = nullptr;
    unsigned entries_ = 0;
    std::uint16_t provided_ = 0;
    std::map<std::uint16_t, buffer> by_id_;
};

}  // namespace pelton::test
