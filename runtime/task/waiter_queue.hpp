// Who waits for a mutex, semaphore, event or channel: first come, first served, linked through the
// awaiters, so that waiting allocates nothing.
//
// Thread: the shard's whose strands wait. None of these is for use between shards.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/strand.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <string_view>

namespace pelton {

class queued_waiter;

class waiter_queue {
public:
    waiter_queue() noexcept = default;
    waiter_queue(const waiter_queue&) = delete;
    waiter_queue& operator=(const waiter_queue&) = delete;
    ~waiter_queue() {
        check(empty(), "what tasks wait for was destroyed; let their scope end first");
    }

    bool empty() const noexcept { return first_ == nullptr; }
    queued_waiter* first() const noexcept { return first_; }

private:
    friend class queued_waiter;
    inline void push(queued_waiter& one) noexcept;
    inline void remove(queued_waiter& one) noexcept;

    queued_waiter* first_ = nullptr;
    queued_waiter* last_ = nullptr;
};

// An awaiter in such a queue. It leaves by settle(), from whoever gives it what it waits for, or by
// a stop request; either only makes ready: the waiter resumes from its shard's loop, later.
class queued_waiter : public leaf {
public:
    queued_waiter(const queued_waiter&) = delete;
    queued_waiter& operator=(const queued_waiter&) = delete;

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        waiter_.handle = waiter;
        flow_ = waiter.promise().on_strand();
        at_.push(*this);
        flow_->waiting_in = this;
        if (flow_->stop_requested) {
            settle(ECANCELED);
        }
    }

    void request_stop() noexcept override {
        if (queued_) {
            settle(ECANCELED);
            gave_up();
        }
    }
    std::size_t describe(char* into, std::size_t room) const noexcept override {
        return what_.copy(into, room);
    }

    // Takes it from the queue and makes it ready; 0 when it got what it waited for.
    void settle(int error) noexcept {
        at_.remove(*this);
        error_ = error;
        flow_->waiting_in = nullptr;
        flow_->home->make_ready(waiter_);
    }

protected:
    queued_waiter(waiter_queue& at, std::string_view what) noexcept : at_(at), what_(what) {}
    ~queued_waiter() { check(!queued_, "a task was destroyed while it waits"); }

    // It left the queue by a stop request, and whoever stood behind it may be served now.
    virtual void gave_up() noexcept {}

    int error() const noexcept { return error_; }

private:
    friend class waiter_queue;

    waiter_queue& at_;
    std::string_view what_;  // for dump()
    resumable waiter_;
    strand* flow_ = nullptr;
    queued_waiter* earlier_ = nullptr;
    queued_waiter* later_ = nullptr;
    int error_ = 0;
    bool queued_ = false;
};

void waiter_queue::push(queued_waiter& one) noexcept {
    one.queued_ = true;
    one.later_ = nullptr;
    one.earlier_ = last_;
    (last_ != nullptr ? last_->later_ : first_) = &one;
    last_ = &one;
}

void waiter_queue::remove(queued_waiter& one) noexcept {
    one.queued_ = false;
    (one.earlier_ != nullptr ? one.earlier_->later_ : first_) = one.later_;
    (one.later_ != nullptr ? one.later_->earlier_ : last_) = one.earlier_;
}

}  // namespace pelton
