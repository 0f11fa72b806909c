// A turn of the loop, compiled into the shard that takes it: see ring/enter.hpp for why.
#pragma once

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/record.hpp>
#include <pelton/runtime/ring/enter.hpp>

#include <cstdint>
#include <optional>

namespace pelton {

[[gnu::always_inline]] inline void loop::turn_in_line(
    bool may_sleep, const std::optional<std::uint64_t>& timeout_ns) noexcept {
    count_started();
    bool more = false;
    if (!cancels_.empty() || !waiting_.empty() || unheard_ != nullptr) [[unlikely]] {
        more = submit_waiting();
    }
    static_cast<void>(queues_.enter_in_line(may_sleep && !more ? 1 : 0, timeout_ns));
    std::uint32_t marked = 0;
    auto** end = ready_.end();
    // Flags by reference: an untagged record's are not even read.
    const auto reaped = queues_.reap(
        [&](std::uint64_t user_data, std::int32_t outcome, const std::uint32_t& flags) {
            auto* one = reinterpret_cast<record*>(user_data);
            if ((user_data & tag_mask) != 0 || one->marks_ != 0) [[unlikely]] {
                ++marked;
                ready_.close(end);  // those before it come first
                collect_marked(user_data, outcome, flags);
                end = ready_.end();
                return;
            }
            one->outcome_ = outcome;
            one->state_ = record::state::done;
            one->flow_->waiting_in = nullptr;
            resumable& link = *one;  // a pointer would be asked for null
            *end = &link;
            end = &link.next;
        });
    ready_.close(end);
    in_flight_ -= reaped - marked;
    cqes_owed_ -= reaped;
    if (next_direct_ == end_direct_) {
        grant_room();
    }
}

}  // namespace pelton
