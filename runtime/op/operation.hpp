// What makes a record awaitable: an operation is prepare(sqe) and decode(outcome).
//
//   class nop_operation final : public operation<nop_operation, void> {
//       bool prepare(io_uring_sqe& sqe, ring&) noexcept override { ...; return true; }
//       result<void> decode(std::int32_t) const noexcept { return {}; }
//   };
//
// An operation is made, awaited once, and dies with the co_await expression. What it points to
// (areas, names, addresses) must outlive that await. It resumes from the loop, on its shard.
#pragma once

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <system_error>

namespace pelton {

template <class Self, class T>
class [[nodiscard]] operation : public record {
public:
    using value_type = T;

    bool await_ready() const noexcept { return false; }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here_.completions().start(static_cast<Self&>(*this), waiter, *waiter.promise().on_strand());
    }

    result<T> await_resume() noexcept {
        if (outcome() < 0) [[unlikely]] {
            return failure(error());
        }
        return static_cast<Self&>(*this).decode(outcome());
    }

    shard& here() const noexcept { return here_; }

protected:
    explicit operation(shard& here) noexcept : here_(here) {}
    ~operation() = default;

private:
    // A kernel thread ends what it was asked to stop with a signal, whose mark is EINTR or, where
    // io_uring forgets to translate it, one of the kernel's own restart codes.
    int error() const noexcept {
        constexpr int restart_codes_from = 512;  // ERESTARTSYS, linux/errno.h
        constexpr int restart_codes_to = 516;    // ERESTART_RESTARTBLOCK
        const int errno_value = -outcome();
        if (errno_value != EINTR &&
            (errno_value < restart_codes_from || errno_value > restart_codes_to)) {
            return errno_value;
        }
        return this->stopping() ? ECANCELED : EINTR;
    }

    shard& here_;
};

}  // namespace pelton
