// A first-in first-out queue linked through its members: it never allocates and never fails.
#pragma once

#include <pelton/runtime/task/scheduler.hpp>

namespace pelton {

class queue_of_resumables {
public:
    queue_of_resumables() noexcept = default;
    queue_of_resumables(const queue_of_resumables&) = delete;
    queue_of_resumables& operator=(const queue_of_resumables&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    resumable* first() const noexcept { return first_; }

    void push(resumable& one) noexcept {
        one.next = nullptr;
        *end_ = &one;
        end_ = &one.next;
    }

    // After the first left by other means, `next` being what followed it.
    void drop_first(resumable* next) noexcept {
        first_ = next;
        if (next == nullptr) {
            end_ = &first_;
        }
    }

    // True when it was there.
    bool remove(resumable& one) noexcept {
        for (auto** link = &first_; *link != nullptr; link = &(*link)->next) {
            if (*link == &one) {
                *link = one.next;
                if (end_ == &one.next) {
                    end_ = link;
                }
                return true;
            }
        }
        return false;
    }

    // All of it, oldest first, leaving the queue empty.
    resumable* take_all() noexcept {
        auto* all = first_;
        drop_first(nullptr);
        return all;
    }

    // For linking many in a loop: what the next one is written to, and, once that has moved on to
    // the last one's `next`, the end. Nothing else may touch the queue in between.
    resumable** end() noexcept { return end_; }
    void close(resumable** end) noexcept {
        *end = nullptr;
        end_ = end;
    }

private:
    resumable* first_ = nullptr;
    resumable** end_ = &first_;  // where the next one is linked
};

}  // namespace pelton
