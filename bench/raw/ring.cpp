#include <pelton/bench/raw/ring.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <unistd.h>

namespace pelton::bench {
namespace {

void throw_if_negative(int outcome, const char* call) {
    if (outcome < 0) throw_failed_call(-outcome, call);
}

int set_up(unsigned entries, unsigned flags, io_uring_params& params) {
    std::memset(&params, 0, sizeof(params));
    params.flags = flags;
    params.cq_entries = entries * 4;
    return io_uring_setup(entries, &params);
}

}  // namespace

raw_ring::raw_ring(unsigned entries) {
    constexpr unsigned flags = abi::setup_single_issuer | abi::setup_defer_taskrun |
                               abi::setup_submit_all | abi::setup_clamp | abi::setup_cqsize;
    io_uring_params params;
    int descriptor = set_up(entries, flags | abi::setup_no_sqarray, params);
    if (descriptor < 0) descriptor = set_up(entries, flags, params);
    throw_if_negative(descriptor, "io_uring_setup");
    throw_if_negative(io_uring_queue_mmap(descriptor, &params, &ring_), "io_uring_queue_mmap");
    ring_.features = params.features;
    ring_.flags = params.flags;
    ring_.ring_fd = ring_.enter_ring_fd = descriptor;
    sq_mask_ = *ring_.sq.kring_mask;
    cq_mask_ = *ring_.cq.kring_mask;
    if ((params.flags & abi::setup_no_sqarray) == 0) {
        for (unsigned i = 0; i < params.sq_entries; ++i) {
            ring_.sq.array[i] = i;
        }
    }
    throw_if_negative(io_uring_register_ring_fd(&ring_), "register of the ring descriptor");
    enter_flags_ = abi::enter_getevents | abi::enter_registered_ring;
    if ((params.features & abi::feature_no_iowait) != 0) enter_flags_ |= abi::enter_no_iowait;
}

raw_ring::~raw_ring() {
    io_uring_unregister_ring_fd(&ring_);
    io_uring_queue_exit(&ring_);
}

void raw_ring::register_buffers(std::span<const iovec> buffers) {
    throw_if_negative(
        io_uring_register_buffers(&ring_, buffers.data(), static_cast<unsigned>(buffers.size())),
        "register of buffers");
}

void raw_ring::unregister_buffers() {
    io_uring_unregister_buffers(&ring_);
}

void raw_ring::register_file(int descriptor) {
    throw_if_negative(io_uring_register_files(&ring_, &descriptor, 1), "register of a file");
}

void raw_ring::enter(unsigned wait_for) noexcept {
    const unsigned to_submit = sq_tail_ - *ring_.sq.ktail;
    io_uring_smp_store_release(ring_.sq.ktail, sq_tail_);
    const int taken = io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), to_submit,
                                      wait_for, enter_flags_, nullptr, 0);
    ++enters_;
    if (taken == -EINTR && to_submit == 0) return;
    check(taken == static_cast<int>(to_submit), "the raw ring's enter was refused or fell short");
}

}  // namespace pelton::bench
