// co_await pelton::with_stop(token, work()): a stop request from outside, once, at the edge.
//
//   std::stop_source quit;                              // some other thread calls request_stop()
//   co_await pelton::with_stop(quit.get_token(), serve(listener));
//
// The request travels as a message to the task's shard, and from there as any stop request.
#pragma once

#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/inner_strand.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace pelton {

namespace detail {

// Carries one request from whatever thread makes it. It must not die before what was posted is
// delivered: settled() waits for that.
class stop_bridge final : message {
public:
    // Throws std::system_error when there is no descriptor for a doorbell.
    explicit stop_bridge(shard& here);
    ~stop_bridge();

    // Callable from any thread, once.
    void request() noexcept {
        auto& here = here_;
        posted_.store(true, std::memory_order_relaxed);  // read after the callback is gone
        here.post(*this);
    }

    void connect(strand& to) noexcept;
    void disconnect() noexcept { to_ = nullptr; }

    // Resumes, from the loop, once a request that was posted has been delivered. Only after no
    // thread can make one.
    class settled_awaiter {
    public:
        explicit settled_awaiter(stop_bridge& of) noexcept : of_(of) {}
        bool await_ready() const noexcept { return of_.is_settled(); }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept {
            of_.waiter_.handle = waiter;
        }
        void await_resume() const noexcept {}

    private:
        stop_bridge& of_;
    };
    settled_awaiter settled() noexcept { return settled_awaiter(*this); }

private:
    bool is_settled() const noexcept {
        return delivered_ || !posted_.load(std::memory_order_relaxed);
    }
    void deliver() noexcept override;

    shard& here_;
    strand* to_ = nullptr;
    std::atomic<bool> posted_{false};
    bool delivered_ = false;
    resumable waiter_;
};

// The task's strand, at which the bridge ends.
template <class T>
class bridged_awaiter final : public inner_strand<task<T>> {
    using base = inner_strand<task<T>>;

public:
    bridged_awaiter(task<T>& one, stop_bridge& bridge, bool stopped) noexcept
        : base(one), bridge_(bridge), stopped_(stopped) {}

    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        bridge_.connect(base::inner());
        return base::start(waiter, stopped_ || waiter.promise().on_strand()->stop_requested);
    }
    T await_resume() {
        bridge_.disconnect();
        base::left();
        return base::take();
    }
    void request_stop() noexcept override { base::inner().request_stop(); }

private:
    stop_bridge& bridge_;
    bool stopped_;
};

}  // namespace detail

// Runs `one`, which is asked to stop when `token` is, from whatever thread, or when this strand is.
// Yields or throws what it does. Where the process could only be woken by the token it is not taken
// for one that is stuck.
//
// Resumes from the loop when the task has ended and no request is on its way any more. If another
// thread is just making one, its few instructions are waited for. Throws std::system_error when
// there is no descriptor for the shard's doorbell.
template <class T>
[[nodiscard]] task<T> with_stop(std::stop_token token, task<T> one) {
    const auto& flow = co_await current_strand();
    detail::stop_bridge bridge(static_cast<shard&>(*flow.home));
    std::optional<detail::value_or_unit<T>> value;
    std::exception_ptr thrown;
    {
        const bool stopped = token.stop_requested();
        auto request = [&bridge]() noexcept { bridge.request(); };
        const std::stop_callback heard(std::move(token), request);
        try {
            detail::bridged_awaiter<T> run(one, bridge, stopped);
            if constexpr (std::is_void_v<T>) {
                co_await run;
                value.emplace();
            } else {
                value.emplace(co_await run);
            }
        } catch (...) {
            thrown = std::current_exception();
        }
    }
    co_await bridge.settled();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    if constexpr (!std::is_void_v<T>) {
        co_return std::move(*value);
    }
}

}  // namespace pelton
