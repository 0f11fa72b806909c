#include <pelton/runtime/shard/lane.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

void lane::send(parcel& one) noexcept {
    if (first_ == nullptr && has_place()) {
        post(one);
        return;
    }
    ++from_.counters().mailbox_waits;
    one.behind_ = nullptr;
    const bool alone = first_ == nullptr;
    (alone ? first_ : last_->behind_) = &one;
    last_ = &one;
    if (alone) {
        send_waiting();  // asks
    }
}

void lane::post(parcel& one) noexcept {
    ++sent_;
    to_.post(one);
}

bool lane::take_back(parcel& one) noexcept {
    parcel* before = nullptr;
    for (auto* at = first_; at != nullptr; before = at, at = at->behind_) {
        if (at == &one) {
            (before == nullptr ? first_ : before->behind_) = one.behind_;
            if (last_ == &one) {
                last_ = before;
            }
            return true;
        }
    }
    return false;
}

void lane::send_waiting() noexcept {
    for (;;) {
        while (first_ != nullptr && has_place()) {
            auto& one = *first_;
            first_ = one.behind_;
            post(one);
        }
        if (first_ == nullptr || asked_) {
            return;
        }
        asked_ = true;
        // Asked before the last look: either that sees the place, or taken() sees the question.
        wanted_.store(true);
        if (!has_place() || !wanted_.exchange(false)) {
            return;  // the room message is on its way, or will be
        }
        asked_ = false;
    }
}

void lane::taken() noexcept {
    taken_.fetch_add(1);
    if (wanted_.load() && wanted_.exchange(false)) {
        from_.post(room_);
    }
}

void lane::ring() noexcept {
    if (!claim()) {
        return;
    }
    if (!from_.queues().has(feature::msg_ring) ||
        !from_.completions().ring_peer(to_.queues().descriptor(), *this)) {
        failed();
        return;
    }
    ++from_.counters().bells;
}

void lane::failed() noexcept {
    heard();
    to_.ring_door();
}

}  // namespace pelton
