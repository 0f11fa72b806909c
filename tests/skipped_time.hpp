// A clock that stands still while tasks run and jumps to the end of every sleep: tests of timers
// take no time and depend on none. The ring is the real one; only its bounded sleeps are skipped.
#pragma once

#include "forwarding_calls.hpp"

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cerrno>
#include <cstdint>
#include <vector>

namespace pelton::test {

class skipped_time final : ring_face, forwarding_calls {
public:
    // Has a shard live in this time, which must outlive it.
    template <class Options>
    Options of(Options with) noexcept {
        with.ring_kernel = this;
        with.calls = this;
        return with;
    }

    std::uint64_t now() const noexcept { return now_; }
    void pass(std::uint64_t nanoseconds) noexcept { now_ += nanoseconds; }
    // From now on the coarse clock stands still for so long at a time.
    void tick_every(std::uint64_t nanoseconds) noexcept { tick_ = nanoseconds; }
    // How often the precise clock was read.
    std::uint64_t readings() const noexcept { return readings_; }
    // How long each sleep was to be.
    const std::vector<std::uint64_t>& sleeps() const noexcept { return sleeps_; }

private:
    std::uint64_t now_ns() noexcept override {
        ++readings_;
        return now_;
    }
    std::uint64_t coarse_now_ns() noexcept override { return now_ - now_ % tick_; }

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        if ((flags & abi::enter_ext_arg) == 0) {
            return linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        }
        const auto& limit = *static_cast<const io_uring_getevents_arg*>(argument);
        const auto& length = *reinterpret_cast<const __kernel_timespec*>(limit.ts);
        const int entered = linux_ring().enter(ring, to_submit, 0, flags & ~abi::enter_ext_arg,
                                               nullptr, limit.sigmask_sz);
        if (entered < 0 || *ring.cq.khead != __atomic_load_n(ring.cq.ktail, __ATOMIC_ACQUIRE)) {
            return entered;
        }
        const auto slept = static_cast<std::uint64_t>(length.tv_sec) * 1'000'000'000 +
                           static_cast<std::uint64_t>(length.tv_nsec);
        sleeps_.push_back(slept);
        now_ += slept;
        return entered > 0 ? entered : -ETIME;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

    std::uint64_t now_ = 1'000'000'000;
    std::uint64_t tick_ = 1;
    std::uint64_t readings_ = 0;
    std::vector<std::uint64_t> sleeps_;
};

}  // namespace pelton::test
