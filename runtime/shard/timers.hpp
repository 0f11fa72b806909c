// Timers in user space: the loop bounds its sleep by the earliest, so the kernel knows of none.
//
// A binary heap of pointers; each timer knows its place, so disarming one costs O(log n) and
// arming allocates only when more are armed than ever before. Beside it lie, linked through
// themselves, timers whose time has not begun to count: those cost neither a look at the clock nor
// a place in the heap, and most are disarmed before they would need either.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pelton {

namespace detail {

struct timer_links {
    timer_links* earlier;
    timer_links* later;
};

}  // namespace detail

class timer : private detail::timer_links {
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
    static constexpr std::size_t loose = SIZE_MAX - 1;

    // What is not initialised here is set when it is armed; the links, when that is loosely.
    std::uint64_t deadline_ns_;  // while it is loose, how long after settle()
    std::size_t place_ = unarmed;
};

class timers {
public:
    timers() noexcept = default;
    timers(const timers&) = delete;
    timers& operator=(const timers&) = delete;

    // `one` must not be armed, and must be disarmed or have fired before it dies.
    void arm(timer& one, std::uint64_t deadline_ns);
    // The same for a deadline so long after the next settle(): late by the time until that, never
    // early, and it cannot fire before.
    void arm_loosely(timer& one, std::uint64_t length_ns) {
        count_in(one);
        one.deadline_ns_ = length_ns;
        one.place_ = timer::loose;
        one.earlier = &loose_;
        one.later = loose_.later;
        loose_.later->earlier = &one;
        loose_.later = &one;
    }
    void disarm(timer& one) noexcept {
        if (one.place_ == timer::loose) {
            one.earlier->later = one.later;
            one.later->earlier = one.earlier;
            one.place_ = timer::unarmed;
            --armed_;
        } else if (one.armed()) {
            take_from_heap(one);
        }
    }

    // Has the time of those armed loosely count from `now_ns` on.
    void settle(std::uint64_t now_ns) noexcept;

    bool empty() const noexcept { return armed_ == 0; }
    std::size_t armed() const noexcept { return armed_; }
    // Of those whose time counts.
    std::optional<std::uint64_t> earliest_ns() const noexcept {
        if (heap_.empty()) {
            return std::nullopt;
        }
        return heap_.front()->deadline_ns_;
    }

    // Fires what is due, earliest first.
    void expire(std::uint64_t now_ns) noexcept;

private:
    void count_in(const timer& one) {
        check(!one.armed(), "a timer was armed twice");
        if (armed_ == room_) [[unlikely]] {
            make_room();
        }
        ++armed_;
    }
    void make_room();
    void take_from_heap(timer& one) noexcept;
    void insert(timer& one) noexcept;
    void place(std::size_t at, timer& one) noexcept;
    void rise(std::size_t at) noexcept;
    void sink(std::size_t at) noexcept;

    std::vector<timer*> heap_;
    std::size_t armed_ = 0;  // in the heap and loose
    std::size_t room_ = 0;   // what the heap can hold: all of them, so settle() allocates nothing
    detail::timer_links loose_{&loose_, &loose_};
};

}  // namespace pelton
