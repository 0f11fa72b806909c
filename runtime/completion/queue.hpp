// A first-in first-out queue linked through its members: it never allocates and never fails.
#pragma once

#include <pelton/runtime/task/scheduler.hpp>

namespace pelton {

class queue_of_resumables {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    resumable* first() const noexcept { return first_; }

    void push(resumable& one) noexcept {
        one.next = nullptr;
        if (first_ == nullptr) {
            first_ = &one;
        } else {
            last_->next = &one;
        }
        last_ = &one;
    }

    // The queue must not be empty.
    resumable& pop() noexcept {
        auto& one = *first_;
        first_ = one.next;
        return one;
    }

    // After the first left by other means, `next` being what followed it.
    void drop_first(resumable* next) noexcept { first_ = next; }

    // True when it was there.
    bool remove(resumable& one) noexcept {
        resumable* before = nullptr;
        for (auto* at = first_; at != nullptr; before = at, at = at->next) {
            if (at != &one) {
                continue;
            }
            (before == nullptr ? first_ : before->next) = one.next;
            if (last_ == &one) {
                last_ = before;
            }
            return true;
        }
        return false;
    }

    // All of it, oldest first, leaving the queue empty.
    resumable* take_all() noexcept {
        auto* all = first_;
        first_ = nullptr;
        return all;
    }

private:
    resumable* first_ = nullptr;
    resumable* last_ = nullptr;  // meaningless when empty
};

}  // namespace pelton
