// A lazy coroutine that yields one T to the one who awaits it.
//
//   pelton::task<int> answer() { co_return 42; }
//   int n = co_await answer();
//
// It starts when awaited, on the awaiter's strand, and its awaiter continues when it ends. Awaited
// once, as an rvalue: awaiting it again, or what it was moved from, ends the process. An exception
// that leaves the body is rethrown to the awaiter. Destroying a task that never started destroys
// its arguments; destroying one that is suspended inside an operation is a programmer error and
// aborts there.
//
// A capturing lambda that is a coroutine keeps its captures in the closure, not in the frame: the
// closure must outlive the task. children::spawn() moves the callable into the child's frame.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/task/frame_pool.hpp>
#include <pelton/runtime/task/strand.hpp>
#include <pelton/runtime/task/trampoline.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace pelton {

// What every promise of ours has: the strand it runs on and who waits for it.
class promise_base {
public:
    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        frame_pool::release(frame, bytes);
    }

    strand* on_strand() const noexcept { return strand_; }
    void set_strand(strand* one) noexcept { strand_ = one; }
    void set_continuation(std::coroutine_handle<> waiter) noexcept { continuation_ = waiter; }
    std::coroutine_handle<> continuation() const noexcept { return continuation_; }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        final_awaiter() noexcept = default;
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
            trampoline::park(ended.promise().continuation());
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() const noexcept { return {}; }

private:
    strand* strand_ = nullptr;
    std::coroutine_handle<> continuation_;
};

// A promise whose coroutine runs on a strand: operations can be awaited in it.
template <class Promise>
concept stranded = std::derived_from<Promise, promise_base>;

template <class T>
class task_promise;

template <class T = void>
class [[nodiscard]] task {
public:
    using promise_type = task_promise<T>;
    using value_type = T;

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    task& operator=(task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~task() {
        if (frame_) {
            frame_.destroy();
        }
    }

    class awaiter {
    public:
        explicit awaiter(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
        bool await_ready() const noexcept { return false; }
        template <stranded Promise>
        void await_suspend(std::coroutine_handle<Promise> waiter) const noexcept {
            check(!frame_.promise().continuation(),
                  "a task was awaited twice; it yields its value once");
            frame_.promise().set_strand(waiter.promise().on_strand());
            frame_.promise().set_continuation(waiter);
            trampoline::park(frame_);
        }
        T await_resume() const { return frame_.promise().take(); }

    private:
        std::coroutine_handle<promise_type> frame_;
    };

    awaiter operator co_await() && noexcept {
        check(static_cast<bool>(frame_), "a task was awaited that had been moved away");
        return awaiter(frame_);
    }

private:
    friend promise_type;
    explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

    std::coroutine_handle<promise_type> frame_;  // null once moved from
};

namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

}  // namespace detail

template <class T>
class task_promise : public promise_base {
    static_assert(alignof(T) <= 16,
                  "a task's frame, and so what it yields, is aligned to 16 bytes");

public:
    task<T> get_return_object() noexcept {
        return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
    }
    void return_value(T value) { value_.emplace(std::move(value)); }
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

    T take() {
        if (error_) {
            std::rethrow_exception(error_);
        }
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
    std::exception_ptr error_;
};

template <>
class task_promise<void> : public promise_base {
public:
    task<void> get_return_object() noexcept {
        return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

    void take() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    std::exception_ptr error_;
};

}  // namespace pelton
