// The kernel features Pelton uses, by the names that PELTON_MASK and `pelcp --kernel-info` speak.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>

namespace pelton {

enum class feature : std::uint8_t {
    // How a ring is set up
    submit_all,
    coop_taskrun,
    single_issuer,
    defer_taskrun,
    no_sqarray,
    // How it is entered
    ext_arg,
    nodrop,
    registered_ring_fd,
    no_iowait,
    // What it keeps
    registered_buffers,
    iowq_limit,
    sync_cancel,
    buffer_ring,
    buffer_ring_incremental,
    receive_bundle,
    clone_buffers,
    registered_descriptors,
    // Opcodes
    read,
    write,
    readv,
    writev,
    read_fixed,
    write_fixed,
    readv_fixed,
    writev_fixed,
    fsync,
    openat2,
    close,
    accept,
    connect,
    send,
    recv,
    sendmsg,
    recvmsg,
    shutdown,
    socket,
    async_cancel,
    msg_ring,
    poll_add,
    // Sockets
    udp_segment,
    send_zc,
    sendmsg_zc,
    sendmsg_zc_fixed,
    // Ways of opcodes
    accept_multishot,
    receive_multishot,
    poll_multishot,
    // Opcodes for files and names
    statx,
    mkdirat,
    unlinkat,
    renameat,
    linkat,
    symlinkat,
    fallocate,
    ftruncate,
    sync_file_range,
    fadvise,
    madvise,
    xattr,
    splice,
    tee,
    pipe,
    // Flags of reads and writes
    no_wait,
    dont_cache,
    atomic_write,
    // Opcodes for processes and commands
    futex,
    waitid,
    socket_command,
    block_discard,
    // Polled rings
    iopoll,
    hybrid_iopoll,
    // Commands of devices
    nvme_passthrough,
    nvme_registered,
    count
};

inline constexpr auto feature_count = static_cast<std::size_t>(feature::count);

using feature_set = std::bitset<feature_count>;

enum class feature_kind : std::uint8_t {
    setup_flag,
    enter_flag,
    setup_answer,
    registration,
    opcode,
    polled_flag,  // set-up flag of a polled ring, and so known only when there is one
    assumed       // older than any kernel Pelton runs on; whether it works shows in use
};

struct feature_entry {
    feature id;
    std::string_view name;
    std::string_view since;  // kernel release that brought it, such as "6.15"
    feature_kind kind;
    unsigned value;                 // flag, bit or opcode
    std::string_view when_missing;  // what its absence costs
};

// Every feature, in the order of the enumeration.
std::span<const feature_entry> feature_table() noexcept;

}  // namespace pelton
