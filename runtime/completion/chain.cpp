// How the loop starts linked operations: all of them in one batch, or none.
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/ring/sqe.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pelton {

bool loop::start_chain(std::span<record* const> members) noexcept {
    if (members.empty() || members.size() > chain_max()) {
        return false;
    }
    for (auto* one : members) {
        one->flow_ = &nobody_;
        one->owner_ = this;
        one->since_ms_ = now_ms_;
    }
    queue_chain(members);
    return true;
}

std::size_t loop::chain_max() const noexcept {
    return std::min(queues_.sq_entries(), queues_.cq_entries() - cqes_kept - peer_places_);
}

void loop::queue_chain(std::span<record* const> members) noexcept {
    for (std::size_t i = 0; i < members.size(); ++i) {
        auto& one = *members[i];
        one.tag_ = cqe_tag::unawaited;
        one.state_ = record::state::queued;
        one.linked_ = i + 1 < members.size() ? members[i + 1] : nullptr;
    }
    waiting_.push(*members[0]);
    settle_room();
}

// Gathered chains
// ----------------------------------------------------------------------------------

void loop::gather(chain& one, strand& flow) noexcept {
    one.outer_ = &flow;
    one.owner_ = this;
    one.home = flow.home;
    one.name = flow.name;
    one.stop_requested = true;  // so that start() takes no SQE for the members
    one.left_ = one.members_.size();
    gathering_ = &one;
}

void loop::start_gathered(chain& one, std::coroutine_handle<> waiter) noexcept {
    gathering_ = nullptr;
    for (const auto* member : one.members_) {
        check(member->tag_ == cqe_tag::operation && member->flow_ == &one.flow(),
              "only single operations can be linked");
    }
    one.waiter_.handle = waiter;
    one.outer_->waiting_in = &one;
    one.stop_requested = one.outer_->stop_requested;
    // One of them may wait for a peer, and those behind it then do, too: they stand outside.
    cqes_allowed_ += static_cast<std::uint32_t>(one.members_.size());
    queue_chain(one.members_);
    if (one.stop_requested) {
        cancel(one);
    }
}

// The gathered chain that `one` is a member of.
chain* loop::chain_of(const record& one) const noexcept {
    const bool is_member = one.tag_ == cqe_tag::unawaited && one.flow_ != &nobody_;
    return is_member ? static_cast<chain*>(one.flow_) : nullptr;
}

void loop::member_ended(chain& of) noexcept {
    if (--of.left_ == 0) {
        cqes_allowed_ -= static_cast<std::uint32_t>(of.members_.size());
        of.outer_->waiting_in = nullptr;
        ready_.push(of.waiter_);
    } else if (of.stop_requested) {
        cancel_running_member(of);
    }
}

void loop::cancel(chain& one) noexcept {
    one.stop_requested = true;
    if (one.left_ == 0) {
        return;
    }
    auto& head = *one.members_[0];
    if (head.state_ == record::state::queued) {
        waiting_.remove(head);
        finish_queued_chain(head, -ECANCELED);
        return;
    }
    cancel_running_member(one);
}

void loop::cancel_running_member(chain& of) noexcept {
    for (auto* member : of.members_) {
        if (member->state_ == record::state::in_flight) {
            cancel(*member);
            return;
        }
    }
}

// It has left the queue.
void loop::finish_queued_chain(record& head, std::int32_t outcome) noexcept {
    for (auto* one = &head; one != nullptr;) {
        auto* next = one->linked_;
        finish_unstarted(*one, outcome);  // may end its life
        one = next;
    }
}

void chain::request_stop() noexcept {
    owner_->cancel(*this);
}

std::size_t chain::describe(char* into, std::size_t room) const noexcept {
    for (const auto* member : members_) {
        if (member->now() >= record::state::queued) {
            return member->describe(into, room);
        }
    }
    return 0;
}

// Admission
// ----------------------------------------------------------------------------------------

// Of a chain from `head` on, or 1.
std::uint32_t loop::length_of(const record& head) noexcept {
    std::uint32_t length = 0;
    for (auto* one = &head; one != nullptr; one = one->linked_) {
        ++length;
    }
    return length;
}

// Fills one SQE for each member, or for none: a chain cut at the end of a batch would run as two.
// True when it has left the queue.
bool loop::prepare_chain(record& head) noexcept {
    const auto length = length_of(head);
    if (length > queues_.sq_room() || length > cq_room()) {
        return false;
    }
    const bool alone = queues_.sq_room() == queues_.sq_entries();
    const auto* of = chain_of(head);
    const bool is_hard = of != nullptr && of->kind_ == links::hard;
    std::uint32_t filled = 0;
    for (auto* one = &head; one != nullptr; one = one->linked_) {
        auto* sqe = queues_.peek_sqe();
        if (!one->prepare(*sqe, queues_)) {
            queues_.take_back_sqes(filled);
            if (alone) {
                check(of != nullptr, "a chain needs more scratch than a ring has");
                finish_queued_chain(head, -ENOBUFS);
            }
            return alone;
        }
        sqe->user_data = one->user_data(one->tag_);
        if (one->linked_ != nullptr) {
            link_to_next(*sqe, is_hard);
        }
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

}  // namespace pelton
