#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/command_ring.hpp>
#include <pelton/runtime/ring/setup.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace pelton {

int command_ring::long_entries::set_up(unsigned entries, io_uring_params& params,
                                       io_uring& ring) noexcept {
    params.flags |= abi::setup_sqe128 | abi::setup_cqe32;
    return kernel_.set_up(entries, params, ring);
}
int command_ring::long_entries::enter(io_uring& ring, unsigned to_submit, unsigned wait_for,
                                      unsigned flags, void* argument,
                                      std::size_t argument_bytes) noexcept {
    return kernel_.enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
}
int command_ring::long_entries::register_with(io_uring& ring, unsigned opcode, void* argument,
                                              unsigned count) noexcept {
    return kernel_.register_with(ring, opcode, argument, count);
}
void command_ring::long_entries::tear_down(io_uring& ring) noexcept {
    kernel_.tear_down(ring);
}
const std::atomic<unsigned>& command_ring::long_entries::forks() const noexcept {
    return kernel_.forks();
}

command_ring::command_ring(ring_face& kernel, const ring_options& options) : kernel_(kernel) {
    // With DEFER_TASKRUN a command's end would wait until this ring is entered, and a poll of its
    // descriptor is not woken before the CQE is there.
    auto as_polled = options;
    as_polled.masked.set(static_cast<std::size_t>(feature::defer_taskrun));
    const auto known = set_up_ring(kernel_, as_polled, queues_);
    fork_count_ = kernel_.forks().load(std::memory_order_relaxed);
    sq_entries_ = *queues_.sq.kring_entries;
    sq_mask_ = *queues_.sq.kring_mask;
    cq_mask_ = *queues_.cq.kring_mask;
    sq_tail_ = *queues_.sq.ktail;
    sqes_ = reinterpret_cast<command_sqe*>(queues_.sq.sqes);
    cqes_ = reinterpret_cast<command_cqe*>(queues_.cq.cqes);
    // As in ring::map_queues(): the identity, and never with NO_SQARRAY.
    if ((known.setup_flags & abi::setup_no_sqarray) == 0 && queues_.sq.array != nullptr) {
        for (unsigned i = 0; i < sq_entries_; ++i) {
            queues_.sq.array[i] = i;
        }
    }
}

command_ring::~command_ring() {
    kernel_.tear_down(queues_);
}

command_sqe* command_ring::peek() noexcept {
    if (offered() == sq_entries_) {
        return nullptr;
    }
    auto& sqe = sqes_[sq_tail_ & sq_mask_];
    std::memset(&sqe, 0, sizeof(sqe));
    return &sqe;
}

void command_ring::enter(bool may_complete) noexcept {
    check(kernel_.forks().load(std::memory_order_relaxed) == fork_count_,
          "a ring was used in a forked child; make a new one there, or exec");
    __atomic_store_n(queues_.sq.ktail, sq_tail_, __ATOMIC_RELEASE);
    ++enters_;
    const int outcome = kernel_.enter(queues_, offered(), 0,
                                      may_complete ? abi::enter_getevents : 0, nullptr, _NSIG / 8);
    if (outcome < 0 && outcome != -EINTR && outcome != -EAGAIN && outcome != -EBUSY) {
        fatal(fmt::format("io_uring_enter failed with errno {} ({}): the ring cannot be used",
                          -outcome, std::strerror(-outcome)));
    }
}

result<void> command_ring::register_range(std::byte* start, std::size_t bytes) noexcept {
    check(registered_.bytes == 0, "a command ring registers one range");
    area whole{start, bytes};
    const int made = kernel_.register_with(queues_, abi::register_buffers, &whole, 1);
    if (made < 0) {
        return failure(-made);
    }
    registered_ = {start, bytes};
    return {};
}

}  // namespace pelton
