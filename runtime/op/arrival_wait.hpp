// A task's wait for an arrival_source: what the awaiters of all sources have in common.
//
// It resumes from the loop, when the source tells it of something or when the task was asked to
// stop, which takes nothing from the source.
#pragma once

#include <pelton/runtime/op/arrival_source.hpp>
#include <pelton/runtime/task/scheduler.hpp>
#include <pelton/runtime/task/strand.hpp>

#include <coroutine>
#include <cstddef>

namespace pelton {

class arrival_wait : public leaf, arrival_waiter {
public:
    void request_stop() noexcept final;
    std::size_t describe(char* into, std::size_t room) const noexcept final;

protected:
    // `what` is shown by dump() and outlives this.
    arrival_wait(arrival_source& from, const char* what) noexcept : from_(from), what_(what) {}
    ~arrival_wait() = default;

    // False when the task was asked to stop already: it is ready and waits for nothing.
    bool wait(std::coroutine_handle<> waiter, strand& flow) noexcept;
    bool stopped() const noexcept { return stopped_; }

private:
    void something_arrived() noexcept final;

    arrival_source& from_;
    const char* what_;
    strand* flow_ = nullptr;
    resumable waiter_;
    bool stopped_ = false;
};

}  // namespace pelton
