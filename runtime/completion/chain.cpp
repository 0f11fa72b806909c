// How the loop starts linked operations: all of them in one batch, or none.
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/ring/sqe.hpp>

#include <utility>

namespace pelton {

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
        if (one->linked_ != nullptr) {
            link_to_next(*sqe);
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
