// io_uring's numbers, for headers of any age.
//
// Debian 12's liburing knows opcodes up to 48 only, so what came later is spelled out here and put
// into SQEs by hand. Whether the running kernel knows a number is asked at run time
// (ring/capabilities.hpp), never concluded from this table. Values: io_uring(7), linux/io_uring.h.
#pragma once

#include <liburing.h>

#include <cstdint>

namespace pelton::abi {

enum opcode : std::uint8_t {
    op_nop = 0,
    op_readv = 1,
    op_writev = 2,
    op_fsync = 3,
    op_read_fixed = 4,
    op_write_fixed = 5,
    op_poll_add = 6,
    op_sync_file_range = 8,
    op_sendmsg = 9,
    op_recvmsg = 10,
    op_accept = 13,
    op_async_cancel = 14,
    op_connect = 16,
    op_fallocate = 17,
    op_close = 19,
    op_statx = 21,
    op_read = 22,
    op_write = 23,
    op_fadvise = 24,
    op_madvise = 25,
    op_send = 26,
    op_recv = 27,
    op_openat2 = 28,
    op_splice = 30,
    op_tee = 33,
    op_shutdown = 34,
    op_renameat = 35,
    op_unlinkat = 36,
    op_mkdirat = 37,
    op_symlinkat = 38,
    op_linkat = 39,
    op_msg_ring = 40,
    op_fsetxattr = 41,
    op_setxattr = 42,
    op_fgetxattr = 43,
    op_getxattr = 44,
    op_socket = 45,
    op_uring_cmd = 46,
    op_send_zc = 47,
    op_sendmsg_zc = 48,
    op_waitid = 50,        // 6.7
    op_futex_wait = 51,    // 6.7
    op_futex_wake = 52,    // 6.7
    op_ftruncate = 55,     // 6.9
    op_bind = 56,          // 6.11
    op_listen = 57,        // 6.11
    op_readv_fixed = 60,   // 6.15
    op_writev_fixed = 61,  // 6.15
    op_pipe = 62           // 6.16
};

static_assert(int{op_send_zc} == int{IORING_OP_SEND_ZC});
static_assert(int{op_openat2} == int{IORING_OP_OPENAT2});
static_assert(int{op_statx} == int{IORING_OP_STATX});

// io_uring_setup(2) flags.
inline constexpr unsigned setup_iopoll = 1U << 0;
inline constexpr unsigned setup_cqsize = 1U << 3;
inline constexpr unsigned setup_clamp = 1U << 4;
inline constexpr unsigned setup_submit_all = 1U << 7;      // 5.18
inline constexpr unsigned setup_coop_taskrun = 1U << 8;    // 5.19
inline constexpr unsigned setup_sqe128 = 1U << 10;         // 5.19
inline constexpr unsigned setup_cqe32 = 1U << 11;          // 5.19
inline constexpr unsigned setup_single_issuer = 1U << 12;  // 6.0
inline constexpr unsigned setup_defer_taskrun = 1U << 13;  // 6.1
inline constexpr unsigned setup_no_sqarray = 1U << 16;     // 6.6
inline constexpr unsigned setup_hybrid_iopoll = 1U << 17;  // 6.13

// Feature bits that io_uring_setup(2) reports.
inline constexpr unsigned feature_nodrop = 1U << 1;
inline constexpr unsigned feature_submit_stable = 1U << 2;
inline constexpr unsigned feature_ext_arg = 1U << 8;
inline constexpr unsigned feature_rsrc_tags = 1U << 10;        // 5.13
inline constexpr unsigned feature_recvsend_bundle = 1U << 14;  // 6.10
inline constexpr unsigned feature_min_timeout = 1U << 15;      // 6.12
inline constexpr unsigned feature_rw_attr = 1U << 16;          // 6.14
inline constexpr unsigned feature_no_iowait = 1U << 17;        // 6.15

// io_uring_enter(2) flags.
inline constexpr unsigned enter_getevents = 1U << 0;
inline constexpr unsigned enter_ext_arg = 1U << 3;
inline constexpr unsigned enter_registered_ring = 1U << 4;  // 5.18
inline constexpr unsigned enter_no_iowait = 1U << 7;        // 6.15

// io_uring_register(2) opcodes.
inline constexpr unsigned register_buffers = 0;
inline constexpr unsigned register_probe = 8;
inline constexpr unsigned register_files2 = 13;         // 5.13
inline constexpr unsigned register_files_update2 = 14;  // 5.13
inline constexpr unsigned register_buffers2 = 15;
inline constexpr unsigned register_buffers_update = 16;
inline constexpr unsigned register_iowq_max_workers = 19;
inline constexpr unsigned register_ring_fds = 20;
inline constexpr unsigned unregister_ring_fds = 21;
inline constexpr unsigned register_pbuf_ring = 22;    // 5.19
inline constexpr unsigned unregister_pbuf_ring = 23;  // 5.19
inline constexpr unsigned register_sync_cancel = 24;
inline constexpr unsigned register_clone_buffers = 30;  // 6.12
inline constexpr unsigned resources_sparse = 1U << 0;   // 5.19

// IORING_OP_ASYNC_CANCEL flags.
inline constexpr unsigned cancel_all = 1U << 0;
inline constexpr unsigned cancel_any = 1U << 2;

// Flags of struct io_uring_buf_reg.
inline constexpr unsigned pbuf_ring_mmap = 1U << 0;         // 6.4
inline constexpr unsigned pbuf_ring_incremental = 1U << 1;  // 6.12

// SQE flags.
inline constexpr std::uint8_t sqe_fixed_file = 1U << 0;
inline constexpr unsigned sqe_buffer_select = 1U << 5;

// Flags of sends and receives, in sqe.ioprio.
inline constexpr unsigned recv_multishot = 1U << 1;      // 6.0
inline constexpr unsigned recvsend_fixed_buf = 1U << 2;  // 6.0; SENDMSG_ZC 6.15
inline constexpr unsigned recvsend_bundle = 1U << 4;     // 6.10

// Flags of reads and writes, in sqe.rw_flags (linux/fs.h).
inline constexpr std::uint8_t rwf_dsync = 0x02;
inline constexpr std::uint8_t rwf_sync = 0x04;
inline constexpr std::uint8_t rwf_nowait = 0x08;
inline constexpr std::uint8_t rwf_atomic = 0x40;     // 6.11
inline constexpr std::uint8_t rwf_dontcache = 0x80;  // 6.14

// Flags of IORING_OP_POLL_ADD, in sqe.len.
inline constexpr unsigned poll_add_multi = 1U << 0;  // 5.13

// Flags of IORING_OP_ACCEPT, in sqe.ioprio.
inline constexpr unsigned accept_multishot = 1U << 0;  // 5.19

// CQE flags.
inline constexpr unsigned cqe_buffer = 1U << 0;
inline constexpr unsigned cqe_more = 1U << 1;
inline constexpr unsigned cqe_notification = 1U << 3;
inline constexpr unsigned cqe_buffer_more = 1U << 4;  // 6.12
inline constexpr unsigned cqe_buffer_shift = 16;

// SQ ring flags, read from shared memory.
inline constexpr unsigned sq_cq_overflow = 1U << 1;

// The kernel makes an SQ of at most this many entries (IORING_MAX_ENTRIES).
inline constexpr unsigned sq_entries_max = 32768;

// What IORING_OP_URING_CMD asks of a socket (linux/io_uring.h) and of a block device
// (linux/blkdev.h, _IO(0x12, 0)).
inline constexpr unsigned socket_bytes_in = 0;     // 6.5
inline constexpr unsigned socket_bytes_out = 1;    // 6.5
inline constexpr unsigned socket_get_option = 2;   // 6.7, level SOL_SOCKET only
inline constexpr unsigned socket_set_option = 3;   // 6.7
inline constexpr unsigned block_discard = 0x1200;  // 6.12

// futex2's flags (linux/futex.h): 32 bits, and seen by this process alone. All bits of the mask.
inline constexpr unsigned futex_private_u32 = 0x82;
inline constexpr std::uint32_t futex_any = 0xffffffff;

// The kernel takes at most this many iovecs in one operation (IOV_MAX, UIO_MAXIOV).
inline constexpr unsigned iovec_max = 1024;

// The kernel moves at most this many bytes in one operation (MAX_RW_COUNT).
inline constexpr std::size_t transfer_bytes_max = 0x7ffff000;

}  // namespace pelton::abi
