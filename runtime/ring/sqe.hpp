// The few SQEs and flags that the completion layer needs for itself.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>

#include <liburing.h>

#include <cstdint>

namespace pelton {

// Aims at the one operation with exactly this user_data. `sqe` must be zero, as in all of these.
inline void prepare_cancel(io_uring_sqe& sqe, std::uint64_t user_data) noexcept {
    sqe.opcode = IORING_OP_ASYNC_CANCEL;
    sqe.fd = -1;
    sqe.addr = user_data;
}

inline void prepare_cancel_of_everything(io_uring_sqe& sqe) noexcept {
    prepare_cancel(sqe, 0);
    sqe.cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
}

// The next SQE starts only when this one has succeeded in full, or, `hard`, has ended.
inline void link_to_next(io_uring_sqe& sqe, bool hard = false) noexcept {
    sqe.flags |= hard ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
}

// Whether another CQE of the same operation follows one with these flags.
inline bool more_follow(std::uint32_t cqe_flags) noexcept {
    return (cqe_flags & IORING_CQE_F_MORE) != 0;
}

// Posts a CQE with `user_data` to the ring behind `ring_fd` (IORING_MSG_DATA, 5.18). This ring gets
// one only when that failed, with `failed_user_data`.
inline void prepare_doorbell(io_uring_sqe& sqe, int ring_fd, std::uint64_t user_data,
                             std::uint64_t failed_user_data) noexcept {
    sqe.opcode = abi::op_msg_ring;
    sqe.flags = IOSQE_CQE_SKIP_SUCCESS;
    sqe.fd = ring_fd;
    sqe.off = user_data;
    sqe.user_data = failed_user_data;
}

}  // namespace pelton
