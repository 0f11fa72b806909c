// The connections that a multishot accept (Linux 5.19) brings, in order, until somebody takes them.
//
// Invariants
//   (1) Every descriptor that the kernel made is here until it is taken, or is closed when this
//       ends.
//   (2) It does not start by itself after an error: whoever hears of it decides when.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/arrival_source.hpp>
#include <pelton/runtime/op/arrival_wait.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pelton {

class shard;

class connections final : public lasting_record, public arrival_source {
public:
    // So many that nobody has taken, and the kernel is asked to bring no more.
    static constexpr std::size_t untaken_max = 64;

    connections(shard& here, int listener) noexcept;
    ~connections() override;

    // Accept, until there are too many, an error, or close_door().
    void open_door() noexcept;
    void close_door() noexcept;

    bool empty() const noexcept { return first_ == untaken_.size() && failure_ == 0; }
    // The oldest descriptor, or the error behind the last of them, once. Not when empty().
    result<int> take() noexcept;

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void ended() noexcept override;
    const char* name() const noexcept override { return "multishot accept"; }

    void keep(int descriptor) noexcept;
    void close(int descriptor) noexcept;
    void go_on() noexcept;

    shard& home_;
    std::vector<int> untaken_;  // from first_ on
    std::size_t first_ = 0;
    int listener_;
    int failure_ = 0;  // a negated errno that nobody has heard of
    bool door_ = false;
    bool ending_ = false;  // was asked to end
};

// Yields the next descriptor, or an error of accept(2). ECANCELED when the task was asked to stop.
class [[nodiscard]] next_connection final : public arrival_wait {
public:
    explicit next_connection(connections& from) noexcept
        : arrival_wait(from, "a connection"), from_(from) {}

    bool await_ready() const noexcept { return !from_.empty(); }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        if (wait(waiter, *waiter.promise().on_strand())) {
            from_.open_door();
        }
    }
    result<int> await_resume() noexcept;

private:
    connections& from_;
};

// Resumes when the kernel has nothing more of `of`, which may be null, also in a task that was
// asked to stop.
class [[nodiscard]] last_connection final : public leaf, arrival_waiter {
public:
    explicit last_connection(connections* of) noexcept : of_(of) {}

    bool await_ready() const noexcept { return of_ == nullptr || !of_->running(); }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        waiter_.handle = waiter;
        flow_ = waiter.promise().on_strand();
        flow_->waiting_in = this;
        of_->set_waiter(this);
    }
    void await_resume() const noexcept {}

    void request_stop() noexcept override {}
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    void something_arrived() noexcept override;

    connections* of_;
    strand* flow_ = nullptr;
    resumable waiter_;
};

}  // namespace pelton
