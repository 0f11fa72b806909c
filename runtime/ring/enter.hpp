// How the ring is entered, compiled into the turn of the loop.
//
// Where the kernel guards its own returns (SRSO, speculative return stack overflow), a processor no
// longer knows ours when a system call is over: each return between there and the coroutine is
// mispredicted, for 5 to 10 ns.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <csignal>
#include <cstdint>
#include <optional>

namespace pelton {

namespace detail {

inline __kernel_timespec timespec_of(std::uint64_t nanoseconds) {
    __kernel_timespec when{};
    when.tv_sec = static_cast<std::int64_t>(nanoseconds / 1'000'000'000);
    when.tv_nsec = static_cast<long long>(nanoseconds % 1'000'000'000);
    return when;
}

}  // namespace detail

[[gnu::always_inline]] inline ring::entered ring::enter_in_line(
    unsigned wait_for, const std::optional<std::uint64_t>& timeout_ns) noexcept {
    check(forks_.load(std::memory_order_relaxed) == fork_count_,
          "a ring was used in a forked child; make a new one there, or exec");
    const unsigned tail = sq_tail_;
    const unsigned offered = tail - __atomic_load_n(sq_khead_, __ATOMIC_ACQUIRE);
    __atomic_store_n(sq_ktail_, tail, __ATOMIC_RELEASE);
    ++counters_.enters;
    __kernel_timespec limit;
    io_uring_getevents_arg argument;
    void* limits = nullptr;
    std::size_t limits_bytes = _NSIG / 8;
    unsigned flags = enter_flags_;
    if (timeout_ns && wait_for != 0) {
        limit = detail::timespec_of(*timeout_ns);
        argument = {};  // its third member has other names in other releases
        argument.sigmask_sz = _NSIG / 8;
        argument.ts = reinterpret_cast<std::uint64_t>(&limit);
        limits = &argument;
        limits_bytes = sizeof(argument);
        flags |= abi::enter_ext_arg;
    }
    const int outcome = kernel_.enter(queues_, offered, wait_for, flags, limits, limits_bytes);

    const unsigned left = tail - __atomic_load_n(sq_khead_, __ATOMIC_ACQUIRE);
    counters_.sqes += offered - left;
    if (left == 0) [[likely]] {
        scratch_used_ = 0;
    } else {
        ++counters_.short_enters;
    }
    if ((__atomic_load_n(sq_kflags_, __ATOMIC_RELAXED) & abi::sq_cq_overflow) != 0) [[unlikely]] {
        ++counters_.overflows;
    }
    return outcome >= 0 ? entered{} : refused(outcome);
}

}  // namespace pelton
