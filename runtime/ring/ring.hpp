// The submission and completion queues of one io_uring, and what is registered with it.
//
// Invariants
//   (1) The SQ tail is published and the kernel entered only in enter(); an SQE that peek_sqe()
//       gave and nobody committed is never seen by the kernel.
//   (2) Scratch space handed out since the last enter() stays untouched until that enter() returns:
//       the kernel copies iovec arrays while it consumes the SQE (IORING_FEAT_SUBMIT_STABLE).
//   (3) A registered range is registered whole, once, and its index never changes.
//
// Thread: the one that made the ring. A forked child that enters it ends with a sentence.
#pragma once

#include <pelton/buffers/area.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/ring/capabilities.hpp>
#include <pelton/runtime/ring/descriptor_table.hpp>
#include <pelton/runtime/ring/mask.hpp>
#include <pelton/runtime/ring/registry.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace pelton {

struct ring_options {
    unsigned sq_entries = 256;
    unsigned cq_entries = 0;           // 0: four times the SQ; at least as many as it has, and 4
    unsigned iowq_bounded_max = 4;     // kernel threads for regular files
    unsigned iowq_unbounded_max = 32;  // kernel threads for everything else
    unsigned registered_descriptors_max = 4096;
    feature_set masked{};  // to do without; see mask.hpp
    // Makes no table of registered buffers: cloning wants to find none.
    bool clones_buffers = false;
};

// Always on; each is one addition.
struct ring_counters {
    std::uint64_t sqes = 0;
    std::uint64_t enters = 0;
    std::uint64_t cqes = 0;
    std::uint64_t short_enters = 0;   // the kernel took fewer SQEs than offered
    std::uint64_t enter_retries = 0;  // EINTR, EAGAIN, EBUSY
    std::uint64_t overflows = 0;      // enters after which the kernel held CQEs back
    std::uint64_t scratch_full = 0;   // operations put off until the next enter
};

class registrar;

class ring {
public:
    // Sets the ring up with every flag the kernel and the mask allow. Throws std::system_error with
    // the likely cause and its remedy.
    ring(ring_face& kernel, const ring_options& options);
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;

    // Closes the ring. Waits for nothing: whoever owns operations drains them first.
    ~ring();

    // The next free SQE, zeroed, or null when the SQ is full. Not submitted until commit_sqe().
    io_uring_sqe* peek_sqe() noexcept {
        if (sq_room() == 0) {
            return nullptr;
        }
        auto& sqe = sqes_[sq_tail_ & sq_mask_];
        std::memset(&sqe, 0, sizeof(sqe));
        return &sqe;
    }
    void commit_sqe() noexcept { ++sq_tail_; }

    // Up to `wanted` free SQEs that lie in a row, not zeroed, to be filled from the first on and
    // then committed together. Nothing else may touch the SQ in between.
    std::span<io_uring_sqe> row_of_sqes(unsigned wanted) noexcept {
        const unsigned to_end = sq_entries_ - (sq_tail_ & sq_mask_);
        return {&sqes_[sq_tail_ & sq_mask_], std::min({wanted, sq_room(), to_end})};
    }
    void commit_sqes(unsigned count) noexcept { sq_tail_ += count; }
    // Forgets the last commits, which the kernel has not seen before the next enter().
    void take_back_sqes(unsigned count) noexcept { sq_tail_ -= count; }
    unsigned sq_room() const noexcept {
        return sq_entries_ - (sq_tail_ - __atomic_load_n(sq_khead_, __ATOMIC_ACQUIRE));
    }

    // `count` areas that stay untouched until the next enter() has returned; empty when there are
    // not that many left. After an enter() that took every SQE, abi::iovec_max are always there.
    std::span<area> scratch(std::size_t count) noexcept;
    void give_back_scratch(std::size_t count) noexcept { scratch_used_ -= count; }

    struct entered {
        bool may_have_completions = true;
        bool timed_out = false;
    };
    // Publishes the SQ tail, submits what is there, and waits for `wait_for` completions or until
    // `timeout_ns` has passed. EINTR, EAGAIN, EBUSY and a short submission are not errors: what was
    // not taken stays in the SQ for the next call. Anything else means a broken ring and is fatal.
    entered enter(unsigned wait_for, const std::optional<std::uint64_t>& timeout_ns) noexcept;
    // The same in enter.hpp, for the loop.
    entered enter_in_line(unsigned wait_for,
                          const std::optional<std::uint64_t>& timeout_ns) noexcept;

    // Hands each CQE to `take(user_data, result, flags)` and frees them together.
    template <class Take>
    unsigned reap(Take&& take) noexcept {
        const unsigned head = *cq_khead_;
        const unsigned tail = __atomic_load_n(cq_ktail_, __ATOMIC_ACQUIRE);
        // At most two runs: up to the end of the array, and from its start.
        for (unsigned at = head; at != tail;) {
            const auto* cqe = &cqes_[at & cq_mask_];
            const unsigned run = std::min(tail - at, cq_entries_ - (at & cq_mask_));
            at += run;
            const auto* const end = cqe + run;
            do {
                take(cqe->user_data, cqe->res, cqe->flags);
            } while (++cqe != end);
        }
        __atomic_store_n(cq_khead_, tail, __ATOMIC_RELEASE);
        counters_.cqes += tail - head;
        return tail - head;
    }

    // Cancels everything in flight without an SQE and waits up to `timeout_ns` for it
    // (IORING_REGISTER_SYNC_CANCEL, 6.0). Zero or a negated errno; -ENOENT when nothing was found.
    int cancel_everything(std::uint64_t timeout_ns) noexcept;

    // Makes [start, start + bytes) a registered buffer, at most 1 GiB. ENOMEM when RLIMIT_MEMLOCK
    // does not allow it, ENOTSUP when the kernel has no sparse buffer table.
    result<unsigned> register_range(std::byte* start, std::size_t bytes) noexcept;
    void unregister_range(unsigned index) noexcept;
    void unregister_all() noexcept;
    // Makes every buffer of `from` one of this ring's, under the same index, pinned but once
    // (IORING_REGISTER_CLONE_BUFFERS, 6.12). Only for a ring made with
    // ring_options::clones_buffers, once; when it says false, such a ring needs a table of its own.
    bool clone_buffers(const registrar& from) noexcept;
    void make_buffer_table() noexcept;
    const registry& registered() const noexcept { return registry_; }

    // Makes `entries` places of 16 bytes at `memory`, a power of two on a page boundary, a provided
    // buffer ring under `group` (IORING_REGISTER_PBUF_RING). `incremental`: one buffer serves
    // several receives (Linux 6.12).
    result<void> register_buffer_ring(void* memory, unsigned entries, std::uint16_t group,
                                      bool incremental) noexcept;
    void unregister_buffer_ring(std::uint16_t group) noexcept;

    // The place in this ring's table of open files (IORING_REGISTER_FILES2) at which `descriptor`
    // is from now on, or descriptor_table::none. See registered_descriptor.hpp.
    int register_descriptor(int descriptor) noexcept {
        return has(feature::registered_descriptors) ? descriptors_.put(kernel_, queues_, descriptor)
                                                    : descriptor_table::none;
    }
    void unregister_descriptor(int place) noexcept {
        descriptors_.take_out(kernel_, queues_, place);
    }

    const capabilities& known() const noexcept { return known_; }
    bool has(feature one) const noexcept { return known_.has(one); }
    // What another ring's MSG_RING names.
    int descriptor() const noexcept { return queues_.ring_fd; }
    unsigned sq_entries() const noexcept { return sq_entries_; }
    unsigned cq_entries() const noexcept { return cq_entries_; }
    const ring_counters& counters() const noexcept { return counters_; }

private:
    void map_queues() noexcept;
    void register_own_descriptor() noexcept;
    void limit_workers(const ring_options& options) noexcept;
    void probe_sync_cancel() noexcept;
    void probe_buffer_rings() noexcept;
    void probe_clone_buffers() noexcept;
    entered refused(int outcome) noexcept;

    // First: what throws after the set-up would leave the ring open.
    std::vector<area> scratch_;

    // Constant after construction
    ring_face& kernel_;
    io_uring queues_{};
    capabilities known_;
    const std::atomic<unsigned>& forks_;
    unsigned fork_count_ = 0;
    unsigned enter_flags_ = 0;
    unsigned sq_entries_ = 0;
    unsigned sq_mask_ = 0;
    unsigned cq_entries_ = 0;
    unsigned cq_mask_ = 0;
    unsigned* sq_khead_ = nullptr;
    unsigned* sq_ktail_ = nullptr;
    unsigned* sq_kflags_ = nullptr;
    io_uring_sqe* sqes_ = nullptr;
    unsigned* cq_khead_ = nullptr;
    unsigned* cq_ktail_ = nullptr;
    io_uring_cqe* cqes_ = nullptr;

    // Change with every operation
    unsigned sq_tail_ = 0;
    std::size_t scratch_used_ = 0;
    registry registry_;
    descriptor_table descriptors_;
    ring_counters counters_;
};

}  // namespace pelton
