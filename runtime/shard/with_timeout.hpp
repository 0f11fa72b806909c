// co_await pelton::with_timeout(30s, client.receive()): so long and no longer.
//
// Invariants
//   (1) timed_out means that this deadline asked what it was around to stop, before anybody else
//       did, and that it really ended so. What came all the same, bytes or a descriptor, is
//       yielded.
//   (2) It ends when what it is around has ended: regular-file I/O that the kernel has begun, and
//       offloaded calls, are waited for.
#pragma once

#include <pelton/runtime/outcome/deadline_passed.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/timers.hpp>
#include <pelton/runtime/task/inner_strand.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>

namespace pelton {

template <class Awaited>
class [[nodiscard]] timeout_awaiter final : public inner_strand<Awaited>, timer {
    using base = inner_strand<Awaited>;
    using yielded = typename base::yielded;

public:
    using value_type =
        std::conditional_t<detail::is_result<yielded>, std::type_identity<yielded>,
                           std::type_identity<std::expected<yielded, std::error_code>>>::type;

    timeout_awaiter(std::chrono::nanoseconds limit, Awaited& one) noexcept
        : base(one), limit_(limit) {}

    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        auto& flow = *waiter.promise().on_strand();
        auto& home = static_cast<shard&>(*flow.home);
        const auto limit = std::max<std::chrono::nanoseconds::rep>(limit_.count(), 0);
        home.arm_deadline(*this, static_cast<std::uint64_t>(limit));
        if (flow.stop_requested) [[unlikely]] {
            by_ = stopped_by::waiter;
        }
        try {
            return base::start(waiter, flow.stop_requested);
        } catch (...) {
            home.clock().disarm(*this);
            throw;
        }
    }

    value_type await_resume() {
        base::left();
        if (armed()) {
            static_cast<shard&>(*base::inner().home).clock().disarm(*this);
        }
        if constexpr (base::is_task) {
            return take_from_task();
        } else {
            return take_from_operation();
        }
    }

    void request_stop() noexcept override { stop(stopped_by::waiter); }

private:
    enum class stopped_by : std::uint8_t { nobody, waiter, deadline };

    void fire() noexcept override { stop(stopped_by::deadline); }

    void stop(stopped_by who) noexcept {
        if (by_ == stopped_by::nobody && base::goes_on()) {
            by_ = who;
        }
        base::inner().request_stop();
    }

    // What was awaited yields: in its place, unless the deadline passed.
    value_type take_value() {
        if (by_ == stopped_by::deadline) [[unlikely]] {
            return judged(value_type(base::take()));
        }
        return value_type(base::take());
    }

    static value_type judged(value_type ended) noexcept {
        if (!ended && ended.error() == std::errc::operation_canceled) {
            return std::unexpected(deadline_passed());
        }
        return ended;
    }

    value_type take_from_operation() {
        if constexpr (std::is_void_v<yielded>) {
            base::take();
            return {};
        } else {
            return take_value();
        }
    }

    value_type take_from_task() {
        try {
            if constexpr (std::is_void_v<yielded>) {
                base::take();
                // It cannot say how it ended.
                return by_ == stopped_by::deadline ? value_type(std::unexpected(deadline_passed()))
                                                   : value_type();
            } else {
                return take_value();
            }
        } catch (const std::system_error& error) {
            if (by_ == stopped_by::deadline && error.code() == std::errc::operation_canceled) {
                return std::unexpected(deadline_passed());
            }
            throw;
        }
    }

    std::chrono::nanoseconds limit_;
    stopped_by by_ = stopped_by::nobody;
};

// Awaits an operation or a task that is asked to stop once `limit` has passed. Yields what that
// yields; a value that is no result becomes one. The error is deadline_passed(), which compares
// equal to std::errc::timed_out, when this deadline ended it; operation_canceled when the strand
// was asked to stop first. A task<> that ends after its deadline is timed out: it cannot say more.
// A limit of zero or less still starts it, so what the kernel yields at once is yielded.
//
// It is never stopped early. From a quarter of a second on, a limit may begin to count late in a
// busy loop, by a tick of the kernel's clock (clock_getres(2) of CLOCK_MONOTONIC_COARSE; mostly 4
// ms): so beginning and ending it costs no look at the time.
//
// Deadlines nest; the waiter resumes as without one. Costs no frame and, once warm, no allocation.
// Await it in the expression that makes it: it refers to the operation. A task is moved in.
template <class Awaited>
[[nodiscard]] timeout_awaiter<std::remove_cvref_t<Awaited>> with_timeout(
    std::chrono::nanoseconds limit, Awaited&& one) noexcept {
    static_assert(
        !detail::is_task<std::remove_cvref_t<Awaited>> || !std::is_lvalue_reference_v<Awaited>,
        "a task is awaited once: std::move it into with_timeout()");
    return timeout_awaiter<std::remove_cvref_t<Awaited>>(limit, one);
}

}  // namespace pelton
