#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/record.hpp>

#include <fmt/format.h>

namespace pelton {

void record::request_stop() noexcept {
    if (state_ != state::idle) {
        owner_->cancel(*this);
    }
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
