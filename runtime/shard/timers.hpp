// Timers in user space: the loop bounds its sleep by the earliest, so the kernel knows of none.
//
// A binary heap of pointers; each timer knows its place, so disarming one costs O(log n) and
// arming allocates only when more are armed than ever before. Beside it lie timers whose time has
// not begun to count: those cost neither a look at the clock nor a place in the heap, and most are
// disarmed before they would need either.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pelton {

class timer {
public:
    timer() noexcept = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    bool armed() const noexcept { return place_ != unarmed; }

protected:
    ~timer() { check(!armed(), "a timer was destroyed while armed"); }

    // The deadline has passed; the timer is disarmed. Makes things ready, resumes nothing.
    virtual void fire() noexcept = 0;

private:
    friend class timers;
    static constexpr std::size_t unarmed = SIZE_MAX;

    std::uint64_t deadline_ns_ = 0;  // while it is loose, how long after settle()
    std::size_t place_ = unarmed;
    bool loose_ = false;
};

class timers {
public:
    // `one` must not be armed, and must be disarmed or have fired before it dies.
    void arm(timer& one, std::uint64_t deadline_ns);
    // The same for a deadline so long after the next settle(): late by the time until that, never
    // early, and it cannot fire before.
    void arm_loosely(timer& one, std::uint64_t length_ns);
    void disarm(timer& one) noexcept;

    // Has the time of those armed loosely count from `now_ns` on.
    void settle(std::uint64_t now_ns) noexcept;

    bool empty() const noexcept { return heap_.empty() && loose_.empty(); }
    std::size_t armed() const noexcept { return heap_.size() + loose_.size(); }
    // Of those whose time counts.
    std::optional<std::uint64_t> earliest_ns() const noexcept;

    // Fires what is due, earliest first.
    void expire(std::uint64_t now_ns) noexcept;

private:
    void place(std::size_t at, timer& one) noexcept;
    void rise(std::size_t at) noexcept;
    void sink(std::size_t at) noexcept;
    void make_room();
    void insert(timer& one) noexcept;

    std::vector<timer*> heap_;  // has room for the loose ones, too: settle() allocates nothing
    std::vector<timer*> loose_;
};

}  // namespace pelton
