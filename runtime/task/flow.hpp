// The coroutine that begins a strand, and the group that waits for its flows to end.
//
// scope() and when_all() are made of these. A flow's frame holds its strand, so starting one costs
// a pooled frame and nothing else. It starts when its scheduler resumes it, never inside start(),
// and frees itself at its end.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <system_error>
#include <utility>

namespace pelton {

class flow_group;

class [[nodiscard]] flow {
public:
    class promise_type : public promise_base {
    public:
        promise_type() noexcept { start_.handle = handle(); }
        flow get_return_object() noexcept { return flow(*this); }
        void return_void() const noexcept {}
        // The body of every flow catches what its callable throws.
        void unhandled_exception() const noexcept { std::terminate(); }

        struct end_awaiter {
            end_awaiter() noexcept = default;
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> ended) const noexcept;
            void await_resume() const noexcept {}
        };
        end_awaiter final_suspend() const noexcept { return {}; }

    private:
        friend class flow;
        friend class flow_group;
        std::coroutine_handle<> handle() noexcept {
            return std::coroutine_handle<promise_type>::from_promise(*this);
        }

        strand strand_;
        resumable start_;
        flow_group* group_ = nullptr;
        promise_type* earlier_ = nullptr;  // the group's list of live flows
        promise_type* later_ = nullptr;
    };

    flow(flow&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
    flow& operator=(flow&&) = delete;
    ~flow() { check(promise_ == nullptr, "a flow was made and never started"); }

private:
    friend class flow_group;
    explicit flow(promise_type& promise) noexcept : promise_(&promise) {}

    promise_type* promise_;  // null once started
};

// Flows that end before it does. The first error or exception among them asks the others to stop.
//
// As a leaf it passes a stop request from the strand that waits for it on to every flow.
class flow_group final : public leaf {
public:
    explicit flow_group(strand& waiter) noexcept : waiter_strand_(waiter) {}
    flow_group(const flow_group&) = delete;
    flow_group& operator=(const flow_group&) = delete;
    ~flow_group() { check(running_ == 0, "a scope ended before its tasks"); }

    // Queues the flow's first resumption. One started after the group was asked to stop starts
    // stopped: its operations complete with ECANCELED.
    void start(flow one, const char* name) noexcept;

    void failed(std::exception_ptr thrown) noexcept {
        if (!thrown_ && !error_) {
            thrown_ = std::move(thrown);
            request_stop();
        }
    }
    void failed(std::error_code error) noexcept {
        if (!thrown_ && !error_) {
            error_ = error;
            request_stop();
        }
    }

    // What failed first, if anything did.
    const std::exception_ptr& thrown() const noexcept { return thrown_; }
    std::error_code error() const noexcept { return error_; }
    std::size_t running() const noexcept { return running_; }

    void request_stop() noexcept override;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

    // Resumes once no flow runs.
    class join_awaiter {
    public:
        explicit join_awaiter(flow_group& group) noexcept : group_(group) {}
        bool await_ready() const noexcept { return group_.running_ == 0; }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept {
            group_.waiter_.handle = waiter;
            group_.waiter_strand_.waiting_in = &group_;
        }
        void await_resume() const noexcept {}

    private:
        flow_group& group_;
    };
    join_awaiter join() noexcept { return join_awaiter(*this); }

private:
    friend class flow;
    void ended(flow::promise_type& one) noexcept;

    strand& waiter_strand_;
    resumable waiter_;
    flow::promise_type* newest_ = nullptr;
    std::size_t running_ = 0;
    bool stop_requested_ = false;
    std::exception_ptr thrown_;
    std::error_code error_;
};

// The strand of the coroutine that awaits it; does not suspend.
class current_strand {
public:
    current_strand() noexcept = default;
    bool await_ready() const noexcept { return false; }
    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> asker) noexcept {
        found_ = asker.promise().on_strand();
        return false;
    }
    strand& await_resume() const noexcept { return *found_; }

private:
    strand* found_ = nullptr;
};

}  // namespace pelton
