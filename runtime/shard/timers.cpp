#include <pelton/runtime/shard/timers.hpp>

namespace pelton {

void timers::arm(timer& one, std::uint64_t deadline_ns) {
    count_in(one);
    one.deadline_ns_ = deadline_ns;
    insert(one);
}

void timers::make_room() {
    const auto wanted = 2 * (armed_ + 1);
    heap_.reserve(wanted);
    room_ = wanted;
}

void timers::take_from_heap(timer& one) noexcept {
    const auto at = one.place_;
    auto& last = *heap_.back();
    heap_.pop_back();
    one.place_ = timer::unarmed;
    --armed_;
    if (&last != &one) {
        place(at, last);
        rise(at);
        sink(last.place_);
    }
}

void timers::settle(std::uint64_t now_ns) noexcept {
    for (auto* each = loose_.later; each != &loose_;) {
        auto& one = static_cast<timer&>(*each);
        each = each->later;
        one.deadline_ns_ += now_ns;
        insert(one);
    }
    loose_ = {&loose_, &loose_};
}

void timers::expire(std::uint64_t now_ns) noexcept {
    while (!heap_.empty() && heap_.front()->deadline_ns_ <= now_ns) {
        auto& due = *heap_.front();
        disarm(due);
        due.fire();
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
