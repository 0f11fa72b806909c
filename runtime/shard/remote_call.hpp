// A call from a task on one shard to another shard: what on() awaits.
//
// It lies in the caller's frame. The parcel goes there, a flow runs there among the guests, the
// outcome comes back: each owns the call in turn, so nothing of it is locked. A stop request goes
// after it as a message of its own; the outcome does not come back before that has arrived, so
// nothing that lies in a mailbox can outlive the call.
//
// Thread: the caller's, except where it says "there".
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/shard/lane.hpp>
#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/task/flow.hpp>
#include <pelton/runtime/task/scheduler.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>

namespace pelton {

class shard;

class remote_call : public leaf {
public:
    remote_call(const remote_call&) = delete;
    remote_call& operator=(const remote_call&) = delete;

    void request_stop() noexcept final;
    std::size_t describe(char* into, std::size_t room) const noexcept final;

protected:
    remote_call(shard& there, const char* name) noexcept
        : there_(there), name_(name), going_(*this), stop_(*this), coming_(*this) {}
    ~remote_call() { check(!out_, "a task was destroyed while its call runs on another shard"); }

    void begin(std::coroutine_handle<> waiter, strand& flow) noexcept;

    // The flow that runs there. It calls arrived() first and done() as the last thing.
    virtual flow body() = 0;
    // What the call yields when it did not run: false when that cannot be said.
    virtual bool refuse() noexcept = 0;

    // There.
    void arrived(strand& flow) noexcept;
    void done() noexcept;

    shard& there() const noexcept { return there_; }

private:
    class going final : public parcel {
    public:
        explicit going(remote_call& call) noexcept : call_(call) {}
        void deliver() noexcept override { call_.arrive(); }

    private:
        remote_call& call_;
    };
    class stop final : public message {
    public:
        explicit stop(remote_call& call) noexcept : call_(call) {}
        void deliver() noexcept override { call_.stop_arrived(); }

    private:
        remote_call& call_;
    };
    class coming final : public message {
    public:
        explicit coming(remote_call& call) noexcept : call_(call) {}
        void deliver() noexcept override { call_.settle(); }

    private:
        remote_call& call_;
    };

    void arrive() noexcept;
    void stop_arrived() noexcept;
    void send_back() noexcept;
    void settle() noexcept;

    // Constant once it began
    shard& there_;
    shard* here_ = nullptr;
    const char* name_;
    strand* flow_ = nullptr;
    resumable waiter_;

    // Caller's thread
    bool out_ = false;
    bool begins_stopped_ = false;

    // There
    strand* remote_ = nullptr;  // while the flow runs
    bool stop_came_ = false;

    // Both: which of the two was first
    static constexpr std::uint8_t stop_sent = 1;
    static constexpr std::uint8_t ended = 2;
    std::atomic<std::uint8_t> marks_{0};

    going going_;
    stop stop_;
    coming coming_;
};

}  // namespace pelton
