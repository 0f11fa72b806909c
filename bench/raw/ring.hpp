// io_uring by hand, as fast as we know how: what Pelton has to measure up to.
//
// SINGLE_ISSUER, DEFER_TASKRUN, SUBMIT_ALL, CLAMP, a CQ of four times the SQ, NO_SQARRAY where the
// kernel has it, a registered ring descriptor, NO_IOWAIT, one enter for each turn. Set up by
// io_uring_setup and io_uring_queue_mmap, since liburing 2.3's own set-up does not know NO_SQARRAY.
//
// The caller keeps no more in flight than the SQ has entries: nothing here checks for room.
// Thread: the one that made it.
#pragma once

#include <liburing.h>

#include <sys/uio.h>

#include <cstdint>
#include <cstring>
#include <span>

namespace pelton::bench {

class raw_ring {
public:
    // Throws std::system_error.
    explicit raw_ring(unsigned entries);
    raw_ring(const raw_ring&) = delete;
    raw_ring& operator=(const raw_ring&) = delete;
    ~raw_ring();

    void register_buffers(std::span<const iovec> buffers);
    void unregister_buffers();
    // Makes `descriptor` direct descriptor 0.
    void register_file(int descriptor);

    // The next SQE, zeroed.
    io_uring_sqe& sqe() noexcept {
        io_uring_sqe& next = ring_.sq.sqes[sq_tail_++ & sq_mask_];
        std::memset(&next, 0, sizeof(next));
        return next;
    }

    // Submits everything and waits for `wait_for` CQEs, in one system call. Ends the process when
    // the kernel refuses.
    void enter(unsigned wait_for) noexcept;

    // The same for SQEs that were taken by liburing's io_uring_get_sqe from handle().
    void enter_prepared(unsigned wait_for) noexcept {
        sq_tail_ = ring_.sq.sqe_tail;
        enter(wait_for);
    }

    // Hands every CQE that is there to `handle(user_data, result, flags)`. SQEs may be taken
    // inside. Returns how many there were.
    template <class Handle>
    unsigned reap(Handle&& handle) noexcept {
        unsigned head = *ring_.cq.khead;
        const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
        const unsigned count = tail - head;
        for (; head != tail; ++head) {
            const io_uring_cqe& cqe = ring_.cq.cqes[head & cq_mask_];
            handle(cqe.user_data, cqe.res, cqe.flags);
        }
        io_uring_smp_store_release(ring_.cq.khead, head);
        return count;
    }

    io_uring& handle() noexcept { return ring_; }
    std::uint64_t enters() const noexcept { return enters_; }
    std::uint64_t submitted() const noexcept { return sq_tail_; }

private:
    io_uring ring_{};
    unsigned sq_tail_ = 0;
    unsigned sq_mask_ = 0;
    unsigned cq_mask_ = 0;
    unsigned enter_flags_ = 0;
    std::uint64_t enters_ = 0;
};

// Fills a read or write SQE of any age: liburing 2.3 has no helpers for the newer opcodes. It must
// be zero.
inline void prepare_transfer(io_uring_sqe& sqe, std::uint8_t opcode, int descriptor,
                             const void* address, std::size_t length, std::uint64_t offset,
                             std::uint64_t user_data) noexcept {
    sqe.opcode = opcode;
    sqe.fd = descriptor;
    sqe.addr = reinterpret_cast<std::uint64_t>(address);
    sqe.len = static_cast<std::uint32_t>(length);
    sqe.off = offset;
    sqe.user_data = user_data;
}

}  // namespace pelton::bench
