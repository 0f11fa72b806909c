// Signals of the process as something to await.
//
//   pelton::signals quit(here, SIGINT, SIGTERM);
//   const auto number = co_await quit.next();
//
// While it lives these signals do nothing else; its end restores what they did. Every signals
// object hears of each, on every shard. Those of one number that come before anybody asked count as
// one, as the kernel counts them.
//
// Thread: its shard's. One task at a time waits in next().
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/signal_watch.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <array>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <span>
#include <vector>

namespace pelton {

class signals;

// Yields the number. Resumes from the loop; does not suspend when one came before.
class signal_awaiter final : public operation<signal_awaiter, int> {
public:
    explicit signal_awaiter(signals& of) noexcept;

    bool await_ready() noexcept;
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        operation::await_suspend(waiter);
    }
    result<int> await_resume() noexcept {
        if (now() == state::idle) {
            return number_;
        }
        here().completions().peer_wait_ended();
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override;
    result<int> decode(std::int32_t) const noexcept { return number_; }

private:
    bool completed(std::int32_t& outcome) noexcept override;
    const char* name() const noexcept override { return "wait for a signal"; }

    signals& of_;
    int number_ = 0;
    std::uint64_t rings_ = 0;  // the kernel writes it
};

class signals {
public:
    // Throws std::system_error when a signal cannot be caught (SIGKILL) or there is no descriptor.
    signals(shard& here, std::convertible_to<int> auto... numbers)
        : signals(here, std::array<int, sizeof...(numbers)>{numbers...}, false) {}
    // `once`: as signal_watch says.
    signals(shard& here, std::span<const int> numbers, bool once);
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;
    ~signals();

    // The number of a signal that came; ECANCELED when the task was asked to stop.
    signal_awaiter next() noexcept { return signal_awaiter(*this); }

private:
    friend class signal_awaiter;
    int take() noexcept;  // 0 when none came
    void unwatch(std::size_t count) noexcept;

    shard& here_;
    int descriptor_;
    std::vector<signal_watch> watches_;
};

}  // namespace pelton
