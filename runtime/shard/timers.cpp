#include <pelton/runtime/shard/timers.hpp>

namespace pelton {

void timers::arm(timer& one, std::uint64_t deadline_ns) {
    check(!one.armed(), "a timer was armed twice");
    make_room();
    one.deadline_ns_ = deadline_ns;
    insert(one);
}

void timers::arm_loosely(timer& one, std::uint64_t length_ns) {
    check(!one.armed(), "a timer was armed twice");
    make_room();
    loose_.push_back(&one);
    one.deadline_ns_ = length_ns;
    one.place_ = loose_.size() - 1;
    one.loose_ = true;
}

void timers::disarm(timer& one) noexcept {
    if (!one.armed()) {
        return;
    }
    const auto at = one.place_;
    auto& from = one.loose_ ? loose_ : heap_;
    auto& last = *from.back();
    from.pop_back();
    one.place_ = timer::unarmed;
    if (one.loose_) {
        one.loose_ = false;
        if (&last != &one) {
            loose_[at] = &last;
            last.place_ = at;
        }
    } else if (&last != &one) {
        place(at, last);
        rise(at);
        sink(last.place_);
    }
}

void timers::settle(std::uint64_t now_ns) noexcept {
    for (auto* each : loose_) {
        each->deadline_ns_ += now_ns;
        each->loose_ = false;
        insert(*each);
    }
    loose_.clear();
}

std::optional<std::uint64_t> timers::earliest_ns() const noexcept {
    if (heap_.empty()) {
        return std::nullopt;
    }
    return heap_.front()->deadline_ns_;
}

void timers::expire(std::uint64_t now_ns) noexcept {
    while (!heap_.empty() && heap_.front()->deadline_ns_ <= now_ns) {
        auto& due = *heap_.front();
        disarm(due);
        due.fire();
    }
}

// For all of them in the heap, one more included.
void timers::make_room() {
    const auto wanted = armed() + 1;
    if (heap_.capacity() < wanted) [[unlikely]] {
        heap_.reserve(2 * wanted);
    }
}

void timers::insert(timer& one) noexcept {
    heap_.push_back(&one);
    place(heap_.size() - 1, one);
    rise(heap_.size() - 1);
}

void timers::place(std::size_t at, timer& one) noexcept {
    heap_[at] = &one;
    one.place_ = at;
}

void timers::rise(std::size_t at) noexcept {
    auto& one = *heap_[at];
    while (at > 0) {
        const auto above = (at - 1) / 2;
        if (heap_[above]->deadline_ns_ <= one.deadline_ns_) {
            break;
        }
        place(at, *heap_[above]);
        at = above;
    }
    place(at, one);
}

void timers::sink(std::size_t at) noexcept {
    auto& one = *heap_[at];
    for (;;) {
        auto below = 2 * at + 1;
        if (below >= heap_.size()) {
            break;
        }
        if (below + 1 < heap_.size() &&
            heap_[below + 1]->deadline_ns_ < heap_[below]->deadline_ns_) {
            ++below;
        }
        if (one.deadline_ns_ <= heap_[below]->deadline_ns_) {
            break;
        }
        place(at, *heap_[below]);
        at = below;
    }
    place(at, one);
}

}  // namespace pelton
