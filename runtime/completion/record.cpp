#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/record.hpp>

#include <fmt/format.h>

namespace pelton {

void record::request_stop() noexcept {
    if (state_ == state::done) {
        stopped_parked();
    } else if (state_ != state::idle) {
        owner_->cancel(*this);
    }
}

void record::park() noexcept {
    flow_->waiting_in = this;
}

void record::wake(std::int32_t outcome) noexcept {
    outcome_ = outcome;
    flow_->waiting_in = nullptr;
    owner_->ready_.push(*this);
}

std::size_t record::describe(char* into, std::size_t room) const noexcept {
    const auto* where = state_ == state::queued ? "queued for room" : "in the kernel";
    const auto age = owner_->now_ms() - since_ms_;
    return fmt::format_to_n(
               into, room, "{} {} for {} ms{}", name(), where, age,
               (marks_ & (cancel_in_flight | cancel_queued)) != 0 ? ", asked to stop" : "")
        .size;
}

}  // namespace pelton
