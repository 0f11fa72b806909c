// One task at a time, across its awaits.
//
//   const auto held = co_await lock.lock();   // a result: a stop request ends the wait
//   if (!held) co_return std::unexpected(held.error());
//
// First come, first served: unlocking hands the mutex to whoever waited longest. Does not suspend
// when it is free; else the waiter resumes from its shard's loop, never inside unlock().
//
// Thread: one shard's. A mutex that dies while it is locked or waited for ends the process.
#pragma once

#include <pelton/runtime/task/waiter_queue.hpp>

#include <optional>
#include <utility>

namespace pelton {

class mutex {
public:
    // Holds the mutex and unlocks it at its end.
    class [[nodiscard]] guard {
    public:
        guard(guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        guard& operator=(guard&& other) noexcept {
            std::swap(of_, other.of_);
            return *this;
        }
        ~guard() { unlock(); }

        // Idempotent.
        void unlock() noexcept {
            if (auto* of = std::exchange(of_, nullptr)) {
                of->unlock();
            }
        }

    private:
        friend class mutex;
        explicit guard(mutex& of) noexcept : of_(&of) {}
        mutex* of_;
    };

    class [[nodiscard]] lock_awaiter final : public queued_waiter {
    public:
        explicit lock_awaiter(mutex& of) noexcept
            : queued_waiter(of.waiters_, "wait for a mutex"), of_(of) {}

        bool await_ready() const noexcept { return !std::exchange(of_.locked_, true); }
        result<guard> await_resume() const noexcept {
            if (error() != 0) {
                return failure(error());
            }
            return guard(of_);
        }

    private:
        mutex& of_;
    };

    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    ~mutex() { check(!locked_, "a mutex was destroyed while it is locked"); }

    // ECANCELED when the task was asked to stop and the mutex is not free.
    lock_awaiter lock() noexcept { return lock_awaiter(*this); }
    std::optional<guard> try_lock() noexcept {
        if (std::exchange(locked_, true)) {
            return std::nullopt;
        }
        return guard(*this);
    }
    bool is_locked() const noexcept { return locked_; }

private:
    void unlock() noexcept {
        if (waiters_.empty()) {
            locked_ = false;
        } else {
            waiters_.first()->settle(0);  // it stays locked: nobody can come between
        }
    }

    bool locked_ = false;
    waiter_queue waiters_;
};

}  // namespace pelton
