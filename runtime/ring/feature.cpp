#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/ring/feature.hpp>

#include <array>

namespace pelton {
namespace {

using enum feature_kind;

constexpr std::array<feature_entry, feature_count> table{{
    {feature::submit_all, "submit_all", "5.18", setup_flag, abi::setup_submit_all,
     "a rejected SQE ends a batch early: more enters"},
    {feature::coop_taskrun, "coop_taskrun", "5.19", setup_flag, abi::setup_coop_taskrun,
     "completions interrupt the running task (used where defer_taskrun is missing)"},
    {feature::single_issuer, "single_issuer", "6.0", setup_flag, abi::setup_single_issuer,
     "no defer_taskrun either"},
    {feature::defer_taskrun, "defer_taskrun", "6.1", setup_flag, abi::setup_defer_taskrun,
     "completions are processed whenever the kernel likes: more wake-ups, smaller batches"},
    {feature::no_sqarray, "no_sqarray", "6.6", setup_flag, abi::setup_no_sqarray,
     "2-3 ns for each SQE"},
    {feature::ext_arg, "ext_arg", "5.11", setup_answer, abi::feature_ext_arg,
     "required: the loop bounds its sleep with it"},
    {feature::nodrop, "nodrop", "5.5", setup_answer, abi::feature_nodrop,
     "required: completions could be dropped"},
    {feature::registered_ring_fd, "registered_ring_fd", "5.18", registration,
     abi::register_ring_fds, "about 60 ns for each enter"},
    {feature::no_iowait, "no_iowait", "6.15", enter_flag, abi::feature_no_iowait,
     "a waiting loop is counted as iowait: cosmetic"},
    {feature::registered_buffers, "registered_buffers", "5.19", registration,
     abi::register_buffers2, "pages are pinned for each O_DIRECT operation: 2-7 times the CPU"},
    {feature::iowq_limit, "iowq_limit", "5.15", registration, abi::register_iowq_max_workers,
     "the kernel may start thousands of worker threads"},
    {feature::sync_cancel, "sync_cancel", "6.0", registration, abi::register_sync_cancel,
     "teardown cancels with SQEs only"},
    {feature::buffer_ring, "buffer_ring", "5.19", registration, abi::register_pbuf_ring,
     "a receive polls first and then takes pages: two operations for each"},
    {feature::buffer_ring_incremental, "buffer_ring_incremental", "6.12", registration,
     abi::pbuf_ring_incremental, "each receive takes whole pages, however little came"},
    {feature::receive_bundle, "receive_bundle", "6.10", setup_answer, abi::feature_recvsend_bundle,
     "one completion for each buffer of what came at once"},
    {feature::clone_buffers, "clone_buffers", "6.12", registration, abi::register_clone_buffers,
     "each shard registers pages by itself, those of others too: a slower start, more memlock"},
    // Tables are older, but before 6.13 a file that leaves one stays open while a request on any
    // other that was in it lasts; the first feature bit after that is RW_ATTR.
    {feature::registered_descriptors, "registered_descriptors", "6.14", setup_answer,
     abi::feature_rw_attr, "about 70 ns for each transfer on a descriptor that was registered"},
    {feature::read, "read", "5.6", opcode, abi::op_read, "a vector of one area is read instead"},
    {feature::write, "write", "5.6", opcode, abi::op_write,
     "a vector of one area is written instead"},
    {feature::readv, "readv", "5.1", opcode, abi::op_readv,
     "scattered reads transfer one area at a time"},
    {feature::writev, "writev", "5.1", opcode, abi::op_writev,
     "gathered writes transfer one area at a time"},
    {feature::read_fixed, "read_fixed", "5.1", opcode, abi::op_read_fixed,
     "registered pages gain nothing for reads"},
    {feature::write_fixed, "write_fixed", "5.1", opcode, abi::op_write_fixed,
     "registered pages gain nothing for writes"},
    {feature::readv_fixed, "readv_fixed", "6.15", opcode, abi::op_readv_fixed,
     "scattered O_DIRECT reads pin their pages each time: up to 5 times the CPU"},
    {feature::writev_fixed, "writev_fixed", "6.15", opcode, abi::op_writev_fixed,
     "gathered O_DIRECT writes pin their pages each time: up to 5 times the CPU"},
    {feature::fsync, "fsync", "5.1", opcode, abi::op_fsync, "a thread calls fsync(2) instead"},
    {feature::openat2, "openat2", "5.6", opcode, abi::op_openat2,
     "a thread calls openat2(2) instead"},
    {feature::close, "close", "5.6", opcode, abi::op_close, "close(2) is called instead"},
    {feature::accept, "accept", "5.5", opcode, abi::op_accept, "required for listeners"},
    {feature::connect, "connect", "5.5", opcode, abi::op_connect, "required for connecting"},
    {feature::send, "send", "5.6", opcode, abi::op_send, "sendmsg or write is used instead"},
    {feature::recv, "recv", "5.6", opcode, abi::op_recv, "recvmsg or read is used instead"},
    {feature::sendmsg, "sendmsg", "5.3", opcode, abi::op_sendmsg,
     "gathered sends transfer one area at a time"},
    {feature::recvmsg, "recvmsg", "5.3", opcode, abi::op_recvmsg,
     "scattered receives transfer one area at a time"},
    {feature::shutdown, "shutdown", "5.11", opcode, abi::op_shutdown,
     "shutdown(2) is called instead"},
    {feature::socket, "socket", "5.19", opcode, abi::op_socket, "socket(2) is called instead"},
    {feature::async_cancel, "async_cancel", "5.5", opcode, abi::op_async_cancel,
     "required: a stop request could not reach the kernel"},
    {feature::msg_ring, "msg_ring", "5.18", opcode, abi::op_msg_ring,
     "shards wake each other by eventfd: twice the time"},
    {feature::poll_add, "poll_add", "5.1", opcode, abi::op_poll_add,
     "required for waiting on foreign descriptors"},
    {feature::udp_segment, "udp_segment", "4.18", assumed, 0,
     "datagrams of one length are sent one by one"},
    {feature::send_zc, "send_zc", "6.0", opcode, abi::op_send_zc, "sends are copied"},
    {feature::sendmsg_zc, "sendmsg_zc", "6.1", opcode, abi::op_sendmsg_zc,
     "gathered sends are copied"},
    {feature::sendmsg_zc_fixed, "sendmsg_zc_fixed", "6.15", opcode, abi::op_readv_fixed,
     "gathered zero-copy sends pin their pages each time, within RLIMIT_MEMLOCK"},
    // The kernel does not tell of these; each is asked for by an opcode that came with it.
    {feature::accept_multishot, "accept_multishot", "5.19", opcode, abi::op_socket,
     "an operation for each connection"},
    {feature::receive_multishot, "receive_multishot", "6.0", opcode, abi::op_send_zc,
     "an operation for each receive"},
    {feature::poll_multishot, "poll_multishot", "5.13", setup_answer, abi::feature_rsrc_tags,
     "an operation for each wait for a descriptor"},
    {feature::statx, "statx", "5.6", opcode, abi::op_statx, "a thread calls statx(2)"},
    {feature::mkdirat, "mkdirat", "5.15", opcode, abi::op_mkdirat, "a thread calls mkdirat(2)"},
    {feature::unlinkat, "unlinkat", "5.11", opcode, abi::op_unlinkat, "a thread calls unlinkat(2)"},
    {feature::renameat, "renameat", "5.11", opcode, abi::op_renameat,
     "a thread calls renameat2(2)"},
    {feature::linkat, "linkat", "5.15", opcode, abi::op_linkat, "a thread calls linkat(2)"},
    {feature::symlinkat, "symlinkat", "5.15", opcode, abi::op_symlinkat,
     "a thread calls symlinkat(2)"},
    {feature::fallocate, "fallocate", "5.6", opcode, abi::op_fallocate,
     "a thread calls fallocate(2)"},
    {feature::ftruncate, "ftruncate", "6.9", opcode, abi::op_ftruncate,
     "a thread calls ftruncate(2)"},
    {feature::sync_file_range, "sync_file_range", "5.2", opcode, abi::op_sync_file_range,
     "a thread calls sync_file_range(2)"},
    {feature::fadvise, "fadvise", "5.6", opcode, abi::op_fadvise, "a thread calls fadvise(2)"},
    {feature::madvise, "madvise", "5.6", opcode, abi::op_madvise, "a thread calls madvise(2)"},
    {feature::xattr, "xattr", "5.19", opcode, abi::op_getxattr,
     "a thread calls fgetxattr(2), fsetxattr(2)"},
    {feature::splice, "splice", "5.7", opcode, abi::op_splice,
     "both ends are polled, then a thread calls splice(2)"},
    {feature::tee, "tee", "5.8", opcode, abi::op_tee,
     "both pipes are polled, then a thread calls tee(2)"},
    {feature::pipe, "pipe", "6.16", opcode, abi::op_pipe, "pipe2(2) is called instead"},
    // No probe tells of a read's or write's flags. BIND came with RWF_ATOMIC, the feature bit
    // RW_ATTR with RWF_DONTCACHE; whether a file takes them is told by statx and by the first
    // transfer.
    {feature::no_wait, "no_wait", "4.14", assumed, 0,
     "a transfer that must not wait always answers that it would"},
    {feature::dont_cache, "dont_cache", "6.14", setup_answer, abi::feature_rw_attr,
     "what is transferred stays in the page cache"},
    {feature::atomic_write, "atomic_write", "6.11", opcode, abi::op_bind,
     "atomic writes are refused"},
    {feature::futex, "futex", "6.7", opcode, abi::op_futex_wait,
     "each wait holds a thread, which looks for a stop every 10 ms"},
    {feature::waitid, "waitid", "6.7", opcode, abi::op_waitid,
     "the process's descriptor is polled, then waitid(2) is called"},
    // No probe tells of URING_CMD's commands: WAITID came with the last of those for sockets, the
    // feature bit MIN_TIMEOUT with discard. One that is refused none the less falls back too.
    {feature::socket_command, "socket_command", "6.7", opcode, abi::op_waitid,
     "ioctl(2), getsockopt(2) and setsockopt(2) are called instead"},
    {feature::block_discard, "block_discard", "6.12", setup_answer, abi::feature_min_timeout,
     "a thread calls ioctl(2) with BLKDISCARD"},
    {feature::iopoll, "iopoll", "5.1", polled_flag, abi::setup_iopoll,
     "polled transfers are ordinary ones"},
    {feature::hybrid_iopoll, "hybrid_iopoll", "6.13", polled_flag, abi::setup_hybrid_iopoll,
     "a polled queue polls all of the time, not only when an answer is near"},
    {feature::nvme_passthrough, "nvme_passthrough", "5.19", opcode, abi::op_uring_cmd,
     "a thread sends NVMe commands by ioctl(2)"},
    {feature::nvme_registered, "nvme_registered", "6.16", opcode, abi::op_pipe,
     "pages are pinned for each NVMe command"},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].id) != i) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "feature_table() is indexed by feature");

}  // namespace

std::span<const feature_entry> feature_table() noexcept {
    return table;
}

}  // namespace pelton
