// Values from tasks to tasks, in order, so many at most in between.
//
//   pelton::channel<pelton::lease> filled(8);
//   co_await filled.send(std::move(pages));       // waits while it is full
//   auto next = co_await filled.receive();        // waits while it is empty
//
// Invariants
//   (1) A value is with its sender, in the channel, or with its receiver: a stop request loses
//       none. Sending moves it out of the sender's hands only when it is taken.
//   (2) Who waits longest is served first, on either side.
//   (3) Senders wait only while it is full, receivers only while it is empty.
//
// Neither side suspends when it need not; else the waiter resumes from its shard's loop, never
// inside the other side's call.
//
// Thread: one shard's. A channel that dies while it is waited for ends the process.
#pragma once

#include <pelton/runtime/outcome/end_of_stream.hpp>
#include <pelton/runtime/task/waiter_queue.hpp>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace pelton {

template <class T>
class channel {
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "a value whose move throws could be lost on its way");

public:
    class [[nodiscard]] send_awaiter final : public queued_waiter {
    public:
        send_awaiter(channel& into, T& value) noexcept
            : queued_waiter(into.senders_, "wait to send into a channel"),
              into_(into),
              value_(value) {}

        bool await_ready() noexcept {
            if (into_.closed_) {
                closed_before_ = true;
                return true;
            }
            return into_.put(value_);
        }
        result<void> await_resume() const noexcept {
            if (closed_before_) {
                return failure(EPIPE);
            }
            if (this->error() != 0) {
                return failure(this->error());
            }
            return {};
        }

    private:
        friend class channel;
        channel& into_;
        T& value_;
        bool closed_before_ = false;
    };

    class [[nodiscard]] receive_awaiter final : public queued_waiter {
    public:
        explicit receive_awaiter(channel& from) noexcept
            : queued_waiter(from.receivers_, "wait to receive from a channel"), from_(from) {}

        bool await_ready() noexcept { return from_.take(value_) || from_.closed_; }
        result<T> await_resume() noexcept {
            if (value_) {
                return std::move(*value_);
            }
            if (this->error() != 0 && this->error() != ENODATA) {
                return failure(this->error());
            }
            return std::unexpected(end_of_stream());
        }

    private:
        friend class channel;
        channel& from_;
        std::optional<T> value_;
    };

    // With room for `capacity` values; with none, each send waits for its receiver. Throws
    // std::bad_alloc; nothing is allocated later.
    explicit channel(std::size_t capacity) : slots_(capacity) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel() = default;

    // `value` must outlive the await. Taken, or still the caller's with an error: EPIPE when the
    // channel is closed, ECANCELED when the task was asked to stop and has to wait.
    send_awaiter send(T&& value) noexcept { return send_awaiter(*this, value); }
    // end_of_stream() once it is closed and empty; ECANCELED as above.
    receive_awaiter receive() noexcept { return receive_awaiter(*this); }

    // Without waiting: false, and `value` is still the caller's, when it is full or closed.
    bool try_send(T&& value) noexcept { return !closed_ && put(value); }
    std::optional<T> try_receive() noexcept {
        std::optional<T> value;
        take(value);
        return value;
    }

    // No more values: those in it are still received, senders that wait keep theirs. Idempotent.
    void close() noexcept {
        closed_ = true;
        while (!senders_.empty()) {
            senders_.first()->settle(EPIPE);
        }
        while (!receivers_.empty()) {
            receivers_.first()->settle(ENODATA);
        }
    }
    bool is_closed() const noexcept { return closed_; }

    std::size_t size() const noexcept { return count_; }
    std::size_t capacity() const noexcept { return slots_.size(); }

private:
    bool put(T& value) noexcept {
        if (!receivers_.empty()) {
            auto& receiver = static_cast<receive_awaiter&>(*receivers_.first());
            receiver.value_.emplace(std::move(value));
            receiver.settle(0);
            return true;
        }
        if (count_ == slots_.size()) {
            return false;
        }
        slots_[(oldest_ + count_) % slots_.size()].emplace(std::move(value));
        ++count_;
        return true;
    }

    bool take(std::optional<T>& into) noexcept {
        if (count_ == 0) {
            if (senders_.empty()) {
                return false;
            }
            into.emplace(take_from_sender());  // there is no room in between
            return true;
        }
        auto& slot = slots_[oldest_];
        into.emplace(std::move(*slot));
        slot.reset();
        oldest_ = (oldest_ + 1) % slots_.size();
        --count_;
        if (!senders_.empty()) {
            slots_[(oldest_ + count_) % slots_.size()].emplace(take_from_sender());
            ++count_;
        }
        return true;
    }

    T take_from_sender() noexcept {
        auto& sender = static_cast<send_awaiter&>(*senders_.first());
        T value(std::move(sender.value_));
        sender.settle(0);
        return value;
    }

    std::vector<std::optional<T>> slots_;
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
    bool closed_ = false;
    waiter_queue senders_;
    waiter_queue receivers_;
};

}  // namespace pelton
