// Awaits one operation or task on a strand of its own inside the waiter's, so that it alone can be
// asked to stop, or be left alone: what shield(), with_timeout() and with_stop() are made of.
//
// The inner strand lies in the awaiter: no frame and no allocation. What is awaited sees only the
// inner strand; the waiter's strand waits in the awaiter, whose request_stop() decides what to pass
// on.
#pragma once

#include <pelton/runtime/task/strand.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

namespace pelton {

namespace detail {

// A task moves in. Anything else stays where the caller's expression has it, since an operation
// cannot move, and dies with the co_await expression like every operation.
template <class Awaited>
class awaited_where_it_is {
public:
    using awaiter = Awaited;

    explicit awaited_where_it_is(Awaited& one) noexcept : one_(one) {}
    Awaited& get() noexcept { return one_; }

private:
    Awaited& one_;
};

template <class T>
class awaited_where_it_is<task<T>> {
public:
    using awaiter = typename task<T>::awaiter;

    explicit awaited_where_it_is(task<T>& one) noexcept
        : held_(std::move(one)), awaiter_(std::move(held_).operator co_await()) {}
    awaiter& get() noexcept { return awaiter_; }

private:
    task<T> held_;
    awaiter awaiter_;
};

}  // namespace detail

template <class Awaited>
class inner_strand : public leaf {
    using held = detail::awaited_where_it_is<Awaited>;

public:
    // What a co_await of the thing itself yields.
    using yielded = decltype(std::declval<typename held::awaiter&>().await_resume());

    inner_strand(const inner_strand&) = delete;
    inner_strand& operator=(const inner_strand&) = delete;

    bool await_ready() noexcept(noexcept(std::declval<typename held::awaiter&>().await_ready())) {
        return held_.get().await_ready();
    }

    std::size_t describe(char* into, std::size_t room) const noexcept override {
        return inner_.waiting_in != nullptr ? inner_.waiting_in->describe(into, room) : 0;
    }

protected:
    static constexpr bool is_task = detail::is_task<Awaited>;

    explicit inner_strand(Awaited& one) noexcept : held_(one) {}
    ~inner_strand() = default;

    // The rest of await_suspend(). What `waiter` awaits starts on the inner strand, which begins as
    // `stopped` says. False when it is there already and nothing suspends.
    template <stranded Promise>
    bool start(std::coroutine_handle<Promise> waiter, bool stopped) {
        auto& promise = waiter.promise();
        auto& outer = *promise.on_strand();
        std::construct_at(&inner_, outer, stopped);
        outer_ = &outer;
        outer.waiting_in = this;
        promise.set_strand(&inner_);
        // Nothing resumes inline: the waiter's frame, and this awaiter in it, are still there.
        bool suspended = true;
        try {
            if constexpr (std::is_void_v<decltype(held_.get().await_suspend(waiter))>) {
                held_.get().await_suspend(waiter);
            } else {
                suspended = held_.get().await_suspend(waiter);
            }
        } catch (...) {
            promise.set_strand(outer_);
            outer_->waiting_in = nullptr;
            throw;
        }
        promise.set_strand(outer_);
        return suspended;
    }

    // First in await_resume(), then take().
    void left() noexcept {
        if (outer_ != nullptr) {
            outer_->waiting_in = nullptr;
        }
    }
    yielded take() { return held_.get().await_resume(); }

    // Whether a stop request now may still change how it ends.
    bool goes_on() const noexcept { return is_task || inner_.waiting_in != nullptr; }

    // Not to be touched before start().
    strand& inner() noexcept { return inner_; }

private:
    held held_;
    strand* outer_ = nullptr;  // null until it suspended
    // Made by start(): what never suspends has none.
    union {
        strand inner_;
    };
};

}  // namespace pelton
