#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/turn.hpp>
#include <pelton/runtime/ring/sqe.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pelton {
// submit ------------------------------------------------------------------------------------------

void loop::settle_room() noexcept {
    count_started();
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

// On a strand that was asked to stop, or on that of a chain whose members are gathered.
void loop::start_stopped(record& one) noexcept {
    if (gathering_ == nullptr || one.flow_ != &gathering_->flow()) {
        finish_unstarted(one, -ECANCELED);
    }
}

void loop::finish_unstarted(record& one, std::int32_t outcome) noexcept {
    one.outcome_ = outcome;
    one.state_ = record::state::done;
    one.marks_ = 0;
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

void loop::start_parked(record& one, std::coroutine_handle<> waiter, strand& flow) noexcept {
    one.handle = waiter;
    one.flow_ = &flow;
    one.owner_ = this;
    one.since_ms_ = now_ms_;
    one.state_ = record::state::done;
    if (flow.stop_requested) {
        finish_unstarted(one, -ECANCELED);
        return;
    }
    one.park();
}

void loop::start_again(record& one) noexcept {
    one.park();
    queue(one);
}

void loop::start_lasting(lasting_record& one) noexcept {
    record& base = one;
    base.tag_ = cqe_tag::lasting;
    base.flow_ = &nobody_;
    base.owner_ = this;
    base.since_ms_ = now_ms_;
    ++cqes_allowed_;
    if (collecting_) {
        queue(base);
    } else {
        start_slowly(base);
    }
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

// True when there is something to do before the loop may sleep: what did not fit into the SQ goes
// into the next batch at once, and only a full CQ is waited for.
bool loop::submit_waiting() noexcept {
    settle_room();
    bool more = send_cancels();
    if (has_stopped_) {
        finish_stopped();
    }
    more |= admit();
    more |= !ready_.empty();  // what was stopped, or a chain that could not be submitted
    // What ended above without the kernel may have been started again, and a row granted behind it,
    // which what was admitted since has filled.
    settle_room();
    return more;
}

// wait, reap --------------------------------------------------------------------------------------

void loop::turn(bool may_sleep, const std::optional<std::uint64_t>& timeout_ns) noexcept {
    turn_in_line(may_sleep, timeout_ns);
}

void loop::collect_marked(std::uint64_t user_data, std::int32_t outcome,
                          std::uint32_t flags) noexcept {
    auto* one = reinterpret_cast<record*>(user_data & ~tag_mask);
    const auto tag = static_cast<cqe_tag>(user_data & tag_mask);
    collecting_ = true;
    if (tag == cqe_tag::cancel) {
        collect_cancel(one, outcome);
    } else if (tag >= cqe_tag::bell) {
        collect_bell(tag, user_data & ~tag_mask);
    } else if (tag < cqe_tag::flagged || collect_flagged(*one, outcome, flags)) {
        cqes_owed_ += tag == cqe_tag::reserved ? 1 : 0;
        one->outcome_ = outcome;
        collect_last(*one);
    }
    collecting_ = false;
}

// True when no other CQE of `one` follows.
bool loop::collect_flagged(record& one, std::int32_t outcome, std::uint32_t flags) noexcept {
    one.arrived(outcome, flags);
    const bool more = more_follow(flags);
    cqes_owed_ += more ? 1 : 0;  // only the last one was counted
    return !more;
}

void loop::collect_last(record& one) noexcept {
    if ((one.marks_ & record::cancel_queued) != 0) {
        cancels_.remove(one);
        one.marks_ = 0;
    }
    if ((one.marks_ & record::cancel_in_flight) != 0) {
        one.marks_ |= record::ended;
        return;
    }
    conclude(one);
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
        return;
    }
    if (auto* of = chain_of(one); of != nullptr) {
        member_ended(*of);
        return;
    }
    cqes_allowed_ -= one.tag_ == cqe_tag::lasting ? 1 : 0;
    one.finished();  // may end its life
}

}  // namespace pelton
