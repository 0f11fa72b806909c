#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/task/trampoline.hpp>

#include <liburing.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pelton {
namespace {

constexpr std::uint8_t cancel_doublings_max = 8;  // repeats after 1 ms, 2 ms ... 256 ms

// The first moment at which a time of the wrapping millisecond clock has come.
bool reached(std::uint32_t now_ms, std::uint32_t due_ms) {
    return static_cast<std::int32_t>(now_ms - due_ms) >= 0;
}

}  // namespace

// submit ------------------------------------------------------------------------------------------

void loop::settle_room() noexcept {
    const auto started = direct_started();
    queues_.commit_sqes(started);
    in_flight_ += started;
    cqes_owed_ += started;
    first_direct_ = next_direct_ = end_direct_ = nullptr;
}

void loop::grant_room() noexcept {
    // While operations queue, later ones queue behind them.
    if (waiting_.empty() && cqes_owed_ < cqes_allowed_) {
        const auto row = queues_.row_of_sqes(cqes_allowed_ - cqes_owed_);
        first_direct_ = next_direct_ = row.data();
        end_direct_ = row.data() + row.size();
    }
}

// The row of SQEs has ended, or there is no scratch space: look at all there is before queueing.
void loop::start_slowly(record& one) noexcept {
    settle_room();
    if (!waiting_.empty() || !admit_one(one)) {
        queue(one);
        return;
    }
    grant_room();
}

void loop::commit(record& one, io_uring_sqe& sqe) noexcept {
    sqe.user_data = one.user_data(one.tag_);
    queues_.commit_sqe();
    one.state_ = record::state::in_flight;
    ++in_flight_;
    ++cqes_owed_;
}

void loop::queue(record& one) noexcept {
    one.state_ = record::state::queued;
    one.linked_ = nullptr;
    ++counters_.room_waits;
    waiting_.push(one);
    settle_room();
}

void loop::finish_unstarted(record& one) noexcept {
    one.outcome_ = -ECANCELED;
    one.state_ = record::state::done;
    one.flow_->waiting_in = nullptr;
    hand_over(one);
}

void loop::start_unawaited(record& one) noexcept {
    one.tag_ = cqe_tag::unawaited;
    one.flow_ = &nobody_;
    one.owner_ = this;
    one.since_ms_ = now_ms_;
    queue(one);
}

void loop::start_reserved(record& one) noexcept {
    one.tag_ = cqe_tag::reserved;
    one.flow_ = &nobody_;
    one.owner_ = this;
    one.since_ms_ = now_ms_;
    settle_room();
    if (!commit_reserved(one)) {
        unheard_ = &one;
    }
    grant_room();
}

bool loop::commit_reserved(record& one) noexcept {
    auto* sqe = queues_.peek_sqe();
    if (sqe == nullptr || !one.prepare(*sqe, queues_)) {
        return false;
    }
    commit(one, *sqe);
    --cqes_owed_;  // its place is kept
    return true;
}

bool loop::start_chain(std::span<record* const> members) noexcept {
    const auto length = members.size();
    if (length == 0 || length > queues_.sq_entries() || length > queues_.cq_entries() - cqes_kept) {
        return false;
    }
    for (std::size_t i = 0; i < length; ++i) {
        auto& one = *members[i];
        one.tag_ = cqe_tag::unawaited;
        one.flow_ = &nobody_;
        one.owner_ = this;
        one.since_ms_ = now_ms_;
        one.state_ = record::state::queued;
        one.linked_ = i + 1 < length ? members[i + 1] : nullptr;
    }
    waiting_.push(*members[0]);
    settle_room();
    return true;
}

// Of a chain from `head` on, or 1.
std::uint32_t loop::length_of(const record& head) noexcept {
    std::uint32_t length = 0;
    for (auto* one = &head; one != nullptr; one = one->linked_) {
        ++length;
    }
    return length;
}

// Fills one SQE for each member, or for none: a chain cut at the end of a batch would run as two.
bool loop::prepare_chain(record& head) noexcept {
    const auto length = length_of(head);
    if (length > queues_.sq_room() || length > cq_room()) {
        return false;
    }
    const bool alone = queues_.sq_room() == queues_.sq_entries();
    std::uint32_t filled = 0;
    for (auto* one = &head; one != nullptr; one = one->linked_) {
        auto* sqe = queues_.peek_sqe();
        if (!one->prepare(*sqe, queues_)) {
            check(!alone, "a chain needs more scratch than a ring has");
            queues_.take_back_sqes(filled);
            return false;
        }
        sqe->user_data = one->user_data(one->tag_);
        sqe->flags |= one->linked_ != nullptr ? IOSQE_IO_LINK : 0;
        queues_.commit_sqe();
        ++filled;
    }
    for (auto* one = &head; one != nullptr;) {
        one->state_ = record::state::in_flight;
        one = std::exchange(one->linked_, nullptr);
    }
    in_flight_ += length;
    cqes_owed_ += length;
    return true;
}

bool loop::admit_one(record& one) noexcept {
    if (cq_room() == 0) {
        return false;
    }
    auto* sqe = queues_.peek_sqe();
    if (sqe == nullptr || !one.prepare(*sqe, queues_)) {
        return false;
    }
    commit(one, *sqe);
    return true;
}

// True when what is left found the SQ full, not the CQ: the next batch takes it.
bool loop::admit() noexcept {
    if (unheard_ != nullptr && commit_reserved(*unheard_)) {
        unheard_ = nullptr;
    }
    while (!waiting_.empty()) {
        auto& one = static_cast<record&>(*waiting_.first());
        auto* next = one.next;
        if (!(one.linked_ != nullptr ? prepare_chain(one) : admit_one(one))) {
            return unheard_ != nullptr || length_of(one) <= cq_room();
        }
        waiting_.drop_first(next);
    }
    return unheard_ != nullptr;
}

// cancel ------------------------------------------------------------------------------------------

void loop::cancel(record& one) noexcept {
    if (one.state_ == record::state::queued) {
        // The members of a queued chain end together: it is left to run.
        if (one.linked_ == nullptr && waiting_.remove(one)) {
            finish_unstarted(one);
        }
        return;
    }
    if (one.state_ == record::state::in_flight && one.marks_ == 0) {
        one.cancel_tries_ = 0;
        queue_cancel(one, now_ms_);
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
        io_uring_prep_cancel64(sqe, one.user_data(one.tag_), 0);
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

// wait, reap --------------------------------------------------------------------------------------

void loop::turn(bool may_sleep, std::optional<std::uint64_t> timeout_ns) noexcept {
    settle_room();
    // What did not fit into the SQ goes into the next batch at once; only a full CQ is waited for.
    bool more = false;
    if (!cancels_.empty()) [[unlikely]] {
        more = send_cancels();
    }
    if (!waiting_.empty() || unheard_ != nullptr) [[unlikely]] {
        more |= admit();
    }
    static_cast<void>(queues_.enter(may_sleep && !more ? 1 : 0, timeout_ns));
    std::uint32_t marked = 0;
    resumable* oldest = nullptr;
    resumable** end = &oldest;
    const auto reaped =
        queues_.reap([&](std::uint64_t user_data, std::int32_t outcome, std::uint32_t) {
            auto* one = reinterpret_cast<record*>(user_data);
            if ((user_data & tag_mask) != 0 || one->marks_ != 0) [[unlikely]] {
                ++marked;
                if (end != &oldest) {
                    ready_.append(oldest, end);  // those before it come first
                    end = &oldest;
                }
                collect_marked(user_data, outcome);
                return;
            }
            one->outcome_ = outcome;
            one->state_ = record::state::done;
            one->flow_->waiting_in = nullptr;
            *end = one;
            end = &one->next;
        });
    if (end != &oldest) {
        ready_.append(oldest, end);
    }
    in_flight_ -= reaped - marked;
    cqes_owed_ -= reaped;
    grant_room();
}

void loop::collect_marked(std::uint64_t user_data, std::int32_t outcome) noexcept {
    auto* one = reinterpret_cast<record*>(user_data & ~tag_mask);
    const auto tag = static_cast<cqe_tag>(user_data & tag_mask);
    if (tag == cqe_tag::cancel) {
        collect_cancel(one, outcome);
        return;
    }
    cqes_owed_ += tag == cqe_tag::reserved ? 1 : 0;
    one->outcome_ = outcome;
    if ((one->marks_ & record::cancel_queued) != 0) {
        cancels_.remove(*one);
        one->marks_ = 0;
    }
    if ((one->marks_ & record::cancel_in_flight) != 0) {
        one->marks_ |= record::ended;
        return;
    }
    conclude(*one);
}

// The last CQE of `one` and of its cancels has come.
void loop::conclude(record& one) noexcept {
    --in_flight_;
    if (one.tag_ == cqe_tag::hooked && !one.completed(one.outcome_)) {
        ++counters_.resubmits;
        queue(one);
        return;
    }
    one.state_ = record::state::done;
    one.flow_->waiting_in = nullptr;
    hand_over(one);
}

void loop::hand_over(record& one) noexcept {
    if (one.tag_ == cqe_tag::operation || one.tag_ == cqe_tag::hooked) {
        ready_.push(one);
    } else {
        one.finished();
    }
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
    // -EALREADY: a kernel thread runs it, and may sleep through this request. -ENOENT: it runs where
    // it cannot be found; it is not gone. Either way its own CQE decides.
    if (outcome == -EALREADY) {
        const auto doublings = std::min(one->cancel_tries_, cancel_doublings_max);
        one->cancel_tries_ = static_cast<std::uint8_t>(doublings + 1);
        queue_cancel(*one, now_ms_ + (1U << doublings));
    }
}

// resume ------------------------------------------------------------------------------------------

void loop::resume_ready(unsigned limit) {
    std::uint64_t resumed = 0;
    while (!ready_.empty() && resumed < limit) {
        auto* next = ready_.take_all();
        do {
            auto& one = *next;
            next = one.next;  // the resumption may end its life
            ++resumed;
            trampoline::resume(one.handle);
        } while (next != nullptr);
    }
    counters_.resumes += resumed;
}

// the end -----------------------------------------------------------------------------------------

void loop::finish_queued() noexcept {
    while (!waiting_.empty()) {
        auto& head = static_cast<record&>(*waiting_.first());
        waiting_.drop_first(head.next);
        for (auto* one = &head; one != nullptr;) {
            auto* next = one->linked_;
            finish_unstarted(*one);
            one = next;
        }
    }
}

void loop::cancel_all_by_sqe() noexcept {
    auto* sqe = queues_.peek_sqe();
    if (sqe == nullptr || !room_for_cancel()) {
        return;  // the next round finds room
    }
    io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    sqe->user_data = static_cast<std::uint64_t>(cqe_tag::cancel);
    queues_.commit_sqe();
    ++cqes_owed_;
}

bool loop::drain(std::uint64_t limit_ns, std::uint64_t (*clock)(void*), void* context) noexcept {
    constexpr std::uint64_t round_ns = 10'000'000;
    const auto deadline = clock(context) + limit_ns;
    settle_room();
    finish_queued();
    while (in_flight_ != 0 && clock(context) < deadline) {
        // One cancel of everything is not enough: a kernel thread about to block misses it.
        if (queues_.cancel_everything(round_ns) == -ENOSYS) {
            cancel_all_by_sqe();
        }
        turn(true, round_ns);
        finish_queued();
    }
    return in_flight_ == 0;
}

}  // namespace pelton
