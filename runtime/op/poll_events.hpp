// What a multishot poll (Linux 5.13) tells of one descriptor, until somebody takes it.
//
// The kernel tells of a change once, when it comes; what holds when the poll begins is told too. So
// what was told is kept until it is taken, and several tellings make one.
//
// Invariants
//   (1) What the kernel told while the door was open is here until it is taken.
//   (2) It does not start by itself after an error: whoever hears of it decides when.
//   (3) An orphan is never shown to the kernel, so the descriptor's number may have a new owner.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/arrival_source.hpp>
#include <pelton/runtime/op/arrival_wait.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <cstdint>
#include <utility>

namespace pelton {

class shard;

class poll_events final : public lasting_record, public arrival_source {
public:
    // So many tellings that nobody has taken, and the kernel is asked for no more: a descriptor
    // that somebody else keeps busy does not keep this shard busy, too.
    static constexpr unsigned untaken_max = 16;

    // `events` are those of poll(2).
    poll_events(shard& here, int descriptor, unsigned events) noexcept;

    // Poll, until there is too much, an error, or orphan().
    void open_door() noexcept;

    bool empty() const noexcept { return events_ == 0 && failure_ == 0; }
    // All events that were told since the last time, or the error behind them, once. Not when
    // empty().
    result<unsigned> take() noexcept;

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void ended() noexcept override;
    const char* name() const noexcept override { return "multishot poll"; }

    int descriptor_;
    unsigned wanted_;
    unsigned events_ = 0;    // told, and not taken
    unsigned tellings_ = 0;  // that events_ is made of
    int failure_ = 0;        // a negated errno that nobody has heard of
    bool ending_ = false;    // was asked to end
};

// Yields the events that came, or an error of poll(2). ECANCELED when the task was asked to stop.
class [[nodiscard]] next_events final : public arrival_wait {
public:
    explicit next_events(poll_events& from) noexcept : arrival_wait(from, "events"), from_(from) {}

    bool await_ready() const noexcept { return !from_.empty(); }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        if (wait(waiter, *waiter.promise().on_strand())) {
            from_.open_door();
        }
    }
    result<unsigned> await_resume() noexcept;

private:
    poll_events& from_;
};

}  // namespace pelton
