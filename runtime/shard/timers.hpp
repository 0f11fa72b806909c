// Timers in user space: the loop bounds its sleep by the earliest, so the kernel knows of none.
//
// A binary heap of pointers; each timer knows its place, so disarming one costs O(log n) and
// arming allocates only when more are armed than ever before.
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

    std::uint64_t deadline_ns_ = 0;
    std::size_t place_ = unarmed;
};

class timers {
public:
    // `one` must not be armed, and must be disarmed or have fired before it dies.
    void arm(timer& one, std::uint64_t deadline_ns);
    void disarm(timer& one) noexcept;

    bool empty() const noexcept { return heap_.empty(); }
    std::size_t armed() const noexcept { return heap_.size(); }
    std::optional<std::uint64_t> earliest_ns() const noexcept;

    // Fires what is due, earliest first.
    void expire(std::uint64_t now_ns) noexcept;

private:
    void place(std::size_t at, timer& one) noexcept;
    void rise(std::size_t at) noexcept;
    void sink(std::size_t at) noexcept;

    std::vector<timer*> heap_;
};

}  // namespace pelton
