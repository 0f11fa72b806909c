// co_await pelton::sleep(50ms): the strand continues once the time has passed.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/timers.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <coroutine>

namespace pelton {

// Resumes from the loop, at the deadline or later. ECANCELED when the task was asked to stop.
class [[nodiscard]] sleep_awaiter final : public leaf, timer {
public:
    explicit sleep_awaiter(std::chrono::nanoseconds length) noexcept : length_(length) {}

    bool await_ready() const noexcept { return false; }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> sleeper) {
        waiter_.handle = sleeper;
        flow_ = sleeper.promise().on_strand();
        auto& home = static_cast<shard&>(*flow_->home);
        if (flow_->stop_requested || length_ <= std::chrono::nanoseconds::zero()) {
            stopped_ = flow_->stop_requested;
            home.make_ready(waiter_);
            return;
        }
        flow_->waiting_in = this;
        home.clock().arm(*this,
                         home.calls().now_ns() + static_cast<std::uint64_t>(length_.count()));
    }
    result<void> await_resume() const noexcept {
        if (stopped_) {
            return failure(ECANCELED);
        }
        return {};
    }

    void request_stop() noexcept override {
        if (armed()) {
            static_cast<shard&>(*flow_->home).clock().disarm(*this);
            stopped_ = true;
            wake();
        }
    }
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    void fire() noexcept override { wake(); }
    void wake() noexcept {
        flow_->waiting_in = nullptr;
        flow_->home->make_ready(waiter_);
    }

    std::chrono::nanoseconds length_;
    resumable waiter_;
    strand* flow_ = nullptr;
    bool stopped_ = false;
};

inline sleep_awaiter sleep(std::chrono::nanoseconds length) noexcept {
    return sleep_awaiter(length);
}

// Lets everything else that is ready run first. While something is always ready, the kernel is
// asked for completions every options.resumes_per_turn resumptions.
inline sleep_awaiter yield() noexcept {
    return sleep_awaiter(std::chrono::nanoseconds::zero());
}

}  // namespace pelton
