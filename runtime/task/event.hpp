// Something that happens, and those who wait until it has.
//
//   const auto began = co_await started.wait();
//
// Stays set until reset(). Does not suspend when it is set; else the waiter resumes from its
// shard's loop, never inside set(), and in the order of waiting.
//
// Thread: one shard's. An event that dies while it is waited for ends the process.
#pragma once

#include <pelton/runtime/task/waiter_queue.hpp>

namespace pelton {

class event {
public:
    class [[nodiscard]] wait_awaiter final : public queued_waiter {
    public:
        explicit wait_awaiter(event& of) noexcept
            : queued_waiter(of.waiters_, "wait for an event"), of_(of) {}

        bool await_ready() const noexcept { return of_.set_; }
        result<void> await_resume() const noexcept {
            if (error() != 0) {
                return failure(error());
            }
            return {};
        }

    private:
        event& of_;
    };

    event() noexcept = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() = default;

    // ECANCELED when the task was asked to stop and it is not set.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }
    void set() noexcept {
        set_ = true;
        while (!waiters_.empty()) {
            waiters_.first()->settle(0);
        }
    }
    // Who waits from now on waits for the next set(); those who were woken stay so.
    void reset() noexcept { set_ = false; }
    bool is_set() const noexcept { return set_; }

private:
    bool set_ = false;
    waiter_queue waiters_;
};

}  // namespace pelton
