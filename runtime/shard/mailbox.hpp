// Messages from other threads to a shard, in memory; the doorbell only says that there are some.
#pragma once

#include <atomic>

namespace pelton {

// Owned by whoever posts it; it stays until deliver() is called, on the shard's thread.
class message {
public:
    message() noexcept = default;
    message(const message&) = delete;
    message& operator=(const message&) = delete;

    // Makes things ready, resumes nothing.
    virtual void deliver() noexcept = 0;

protected:
    ~message() = default;

private:
    friend class mailbox;
    message* next_ = nullptr;
};

class mailbox {
public:
    // True when the box was empty. Callable from any thread.
    bool put(message& one) noexcept {
        auto* newest = newest_.load(std::memory_order_relaxed);
        do {
            one.next_ = newest;
            // What the poster wrote is there when the shard finds the message. In the one order of
            // all such operations, since the poster looks next whether the shard is asleep.
        } while (!newest_.compare_exchange_weak(newest, &one, std::memory_order_seq_cst,
                                                std::memory_order_relaxed));
        return newest == nullptr;
    }

    bool empty() const noexcept { return newest_.load() == nullptr; }

    // Delivers what is there, oldest first. Shard's thread.
    void deliver_all() noexcept {
        message* oldest = nullptr;
        auto* newest = newest_.exchange(nullptr, std::memory_order_acquire);
        while (newest != nullptr) {
            auto* next = newest->next_;
            newest->next_ = oldest;
            oldest = newest;
            newest = next;
        }
        while (oldest != nullptr) {
            auto& one = *oldest;
            oldest = one.next_;  // deliver() may end the message's life
            one.deliver();
        }
    }

private:
    std::atomic<message*> newest_{nullptr};
};

}  // namespace pelton
