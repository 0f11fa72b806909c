// So many at a time.
//
//   const auto place = co_await places.acquire();
//   if (!place) co_return std::unexpected(place.error());
//
// First come, first served: who wants many holds back later ones that want few, or might never be
// served. Does not suspend when there are enough and nobody waits; else the waiter resumes from its
// shard's loop, never inside release().
//
// Thread: one shard's. A semaphore that dies while it is waited for ends the process.
#pragma once

#include <pelton/runtime/task/waiter_queue.hpp>

#include <cstddef>
#include <utility>

namespace pelton {

class semaphore {
public:
    // What was acquired; it goes back at its end.
    class [[nodiscard]] permit {
    public:
        permit(permit&& other) noexcept
            : of_(other.of_), count_(std::exchange(other.count_, std::size_t{0})) {}
        permit& operator=(permit&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(count_, other.count_);
            return *this;
        }
        ~permit() { release(); }

        std::size_t count() const noexcept { return count_; }
        // Idempotent.
        void release() noexcept {
            if (const auto count = std::exchange(count_, std::size_t{0}); count != 0) {
                of_->release(count);
            }
        }
        // It does not go back by itself: somebody else calls semaphore::release().
        void keep() noexcept { count_ = 0; }

    private:
        friend class semaphore;
        permit(semaphore& of, std::size_t count) noexcept : of_(&of), count_(count) {}
        semaphore* of_;
        std::size_t count_;
    };

    class [[nodiscard]] acquire_awaiter final : public queued_waiter {
    public:
        acquire_awaiter(semaphore& of, std::size_t count) noexcept
            : queued_waiter(of.waiters_, "wait for a semaphore"), of_(of), count_(count) {}

        bool await_ready() const noexcept {
            if (!of_.waiters_.empty() || of_.available_ < count_) {
                return false;
            }
            of_.available_ -= count_;
            return true;
        }
        result<permit> await_resume() const noexcept {
            if (error() != 0) {
                return failure(error());
            }
            return permit(of_, count_);
        }

    private:
        friend class semaphore;
        void gave_up() noexcept override { of_.serve(); }

        semaphore& of_;
        std::size_t count_;
    };

    explicit semaphore(std::size_t available) noexcept : available_(available) {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;
    ~semaphore() = default;

    // ECANCELED when the task was asked to stop and has to wait.
    acquire_awaiter acquire(std::size_t count = 1) noexcept {
        return acquire_awaiter(*this, count);
    }
    // Gives back, or adds.
    void release(std::size_t count = 1) noexcept {
        available_ += count;
        serve();
    }
    std::size_t available() const noexcept { return available_; }

private:
    void serve() noexcept {
        while (!waiters_.empty()) {
            auto& first = static_cast<acquire_awaiter&>(*waiters_.first());
            if (available_ < first.count_) {
                return;
            }
            available_ -= first.count_;
            first.settle(0);
        }
    }

    std::size_t available_;
    waiter_queue waiters_;
};

}  // namespace pelton
