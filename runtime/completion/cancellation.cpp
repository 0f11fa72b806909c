// How the loop asks the kernel to end an operation, again and again until it has.
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/ring/sqe.hpp>

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

constexpr std::uint8_t cancel_doublings_max = 8;  // repeats after 1 ms, 2 ms ... 256 ms

// The first moment at which a time of the wrapping millisecond clock has come.
bool reached(std::uint32_t now_ms, std::uint32_t due_ms) {
    return static_cast<std::int32_t>(now_ms - due_ms) >= 0;
}

}  // namespace

void loop::cancel(record& one) noexcept {
    if (one.state_ == record::state::queued) {
        // The next turn takes it out, with all others that were stopped meanwhile: a look for each
        // would cost the square of their number.
        one.marks_ = record::stopped_queued;
        has_stopped_ = true;
        return;
    }
    if (one.state_ == record::state::in_flight && one.marks_ == 0) {
        one.cancel_tries_ = 0;
        queue_cancel(one, now_ms_);
    }
}

void loop::finish_stopped() noexcept {
    has_stopped_ = false;
    auto* each = waiting_.take_all();
    while (each != nullptr) {
        auto& one = static_cast<record&>(*each);
        each = each->next;
        const bool stopped = one.marks_ == record::stopped_queued;
        if (one.linked_ != nullptr || !stopped) {
            // The members of a queued chain end together: it is left to run.
            for (auto* member = &one; member != nullptr; member = member->linked_) {
                member->marks_ = 0;
            }
            waiting_.push(one);
            continue;
        }
        finish_unstarted(one, -ECANCELED);
    }
}

void loop::queue_cancel(record& one, std::uint32_t due_ms) noexcept {
    one.marks_ |= record::cancel_queued;
    one.cancel_due_ms_ = due_ms;
    cancels_.push(one);
}

// True when one that is due found the SQ full.
bool loop::send_cancels() noexcept {
    bool unsent = false;
    auto* each = cancels_.take_all();
    while (each != nullptr) {
        auto& one = static_cast<record&>(*each);
        each = each->next;
        const bool due = reached(now_ms_, one.cancel_due_ms_) && room_for_cancel();
        auto* sqe = due ? queues_.peek_sqe() : nullptr;
        if (sqe == nullptr) {
            cancels_.push(one);  // a request to stop is never dropped for want of room
            unsent |= due;
            continue;
        }
        prepare_cancel(*sqe, one.user_data(one.tag_));
        sqe->user_data = one.user_data(cqe_tag::cancel);
        queues_.commit_sqe();
        one.marks_ = record::cancel_in_flight;
        ++cqes_owed_;
        ++counters_.cancels;
        counters_.cancel_repeats += one.cancel_tries_ != 0 ? 1 : 0;
    }
    return unsent;
}

std::optional<std::uint32_t> loop::next_due_ms() const noexcept {
    std::optional<std::uint32_t> soonest;
    for (auto* at = cancels_.first(); at != nullptr; at = at->next) {
        const auto due = static_cast<const record&>(*at).cancel_due_ms_;
        if (!soonest || reached(*soonest, due)) {
            soonest = due;
        }
    }
    return soonest;
}

void loop::collect_cancel(record* one, std::int32_t outcome) noexcept {
    if (one == nullptr) {
        return;  // a cancel of everything, during drain()
    }
    const bool ended = (one->marks_ & record::ended) != 0;
    one->marks_ = 0;
    if (ended) {
        conclude(*one);
        return;
    }
    // -EALREADY: a kernel thread runs it, and may sleep through this request. -ENOENT: it cannot be
    // found now, being on its way to such a thread or to the disk, or a multishot that is just then
    // delivering, or a member of a chain that was not begun. Either way it is not gone.
    if (outcome == -EALREADY || outcome == -ENOENT) {
        const auto doublings = std::min(one->cancel_tries_, cancel_doublings_max);
        one->cancel_tries_ = static_cast<std::uint8_t>(doublings + 1);
        queue_cancel(*one, now_ms_ + (1U << doublings));
    }
}

void loop::cancel_all_by_sqe() noexcept {
    settle_room();
    auto* sqe = queues_.peek_sqe();
    if (sqe == nullptr || !room_for_cancel()) {
        return;  // the next round finds room
    }
    prepare_cancel_of_everything(*sqe);
    sqe->user_data = static_cast<std::uint64_t>(cqe_tag::cancel);
    queues_.commit_sqe();
    ++cqes_owed_;
}

}  // namespace pelton
