#include <pelton/runtime/completion/turn.hpp>
#include <pelton/runtime/shard/current_shard.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/stall_watch.hpp>
#include <pelton/runtime/shard/team.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace pelton {
namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

shard_options with_mask(shard_options options) {
    if (const char* text = std::getenv("PELTON_MASK"); text != nullptr) {
        std::string unknown;
        const auto masked = parse_mask(text, unknown);
        if (!masked) {
            throw std::system_error(
                masked.error(),
                fmt::format("PELTON_MASK names no feature '{}'; pelcp --kernel-info lists them",
                            unknown));
        }
        options.ring.masked |= *masked;
    }
    // With none, nothing would ever run.
    options.resumes_per_turn = std::max(options.resumes_per_turn, 1U);
    options.mailbox_places = std::max(options.mailbox_places, std::uint32_t{1});
    return options;
}

}  // namespace

shard::shard(shard_options options, unsigned number)
    : options_(with_mask(std::move(options))),
      queues_(*options_.ring_kernel, options_.ring),
      lasting_(options_.lasting_records),
      completions_(queues_),
      number_(number) {
    outside_.home = this;
    outside_.name = "outside";
    if (number == 0) {
        say_if_smaller();
    }
}

shard::~shard() {
    settle();
    received_.reset();
    pages_.reset();
}

void shard::settle() noexcept {
    if (std::exchange(settled_, true)) {
        return;
    }
    if (gate_ != nullptr) {
        gate_->close();
    }
    threads_.reset();
    if (door_ != nullptr) {
        door_->close();
        box_.deliver_all();
    }
    check(strands_ == nullptr, "a shard ended before its tasks");
    if (!leave_kernel()) {
        leak_pages();
        static_cast<void>(door_.release());
        lasting_.leak();
        completions_.abandon();
    }
}

void shard::leak_pages() noexcept {
    if (received_ != nullptr) {
        received_->leak();
    }
    if (pages_ != nullptr) {
        pages_->leak();
    }
    leaked_ = true;
}

bool shard::leave_kernel() noexcept {
    const auto clock = [](void* self) { return static_cast<shard*>(self)->calls().now_ns(); };
    if (completions_.drain(options_.drain_ns, clock, this)) {
        return true;
    }
    report(std::make_error_code(std::errc::timed_out),
           fmt::format("{} operations did not end; their memory is leaked rather than reused",
                       completions_.in_flight()));
    return false;
}

page_source& shard::pages() {
    if (pages_ == nullptr) {
        pages_ = std::make_unique<page_source>(*this, options_.page_bytes);
    }
    return *pages_;
}

receive_buffers* shard::received() {
    if (received_ == nullptr && queues_.has(feature::buffer_ring)) {
        received_ = std::make_unique<receive_buffers>(*this, options_.receive_pages);
    }
    return received_ != nullptr && received_->usable() ? received_.get() : nullptr;
}

// The loop
// -----------------------------------------------------------------------------------------

// Whether the kernel has more than our own doorbell. What else could wake a task is rare enough for
// refuse_deadlock() to look for.
[[gnu::always_inline]] inline bool shard::expects_completions() const noexcept {
    const bool rings = door_ != nullptr && door_->now() == record::state::in_flight;
    return completions_.in_flight() > (rings ? 1U : 0U);
}

[[gnu::always_inline]] inline std::uint64_t shard::set_loop_time() noexcept {
    const auto coarse_ns = options_.calls->coarse_now_ns();
    completions_.set_now_ms(static_cast<std::uint32_t>(coarse_ns / ns_per_ms));
    return coarse_ns;
}

// Whether this turn can do without a precise clock, having timers.
[[gnu::always_inline]] inline bool shard::turns_fast(std::uint64_t coarse_ns) noexcept {
    pace_.turns_at(coarse_ns);
    const auto earliest = timers_.earliest_ns();
    return pace_.is_fast() && (!earliest || *earliest > coarse_ns + turn_pace::near_ns);
}

// With no limit to the sleep. A fast turn does not sleep.
[[gnu::always_inline]] inline void shard::enter_untimed(bool may_sleep, bool fast) {
    if (may_sleep && !expects_completions()) [[unlikely]] {
        refuse_deadlock();
    }
    completions_.turn_in_line(may_sleep, std::nullopt);
    if (fast && !completions_.has_ready()) {
        pace_.found_nothing();
    }
}

void shard::enter_timed(bool may_sleep) {
    const auto now_ns = options_.calls->now_ns();
    timers_.settle(now_ns);
    completions_.turn(may_sleep, sleep_limit_ns(now_ns));
    timers_.expire(options_.calls->now_ns());
}

// Says so first and looks for messages then: whoever posts does both in the other order, so one of
// the two sees the other. False when there is something to do.
[[gnu::always_inline]] inline bool shard::fall_asleep() noexcept {
    asleep_.store(true);
    if (box_.empty()) {
        return true;
    }
    asleep_.store(false);
    return false;
}

[[gnu::always_inline]] inline void shard::wake_up() noexcept {
    if (rests_) {
        rests_ = false;
        team_->shard_wakes(number_);
    }
    if (watch_ == nullptr) {
        asleep_.store(false, std::memory_order_release);
        return;
    }
    asleep_.store(false);  // in one order with the watch, which dozes while all shards sleep
    watch_->shard_woke();
}

// A turn of a shard that other threads can reach, or that has cancels to send.
void shard::take_open_turn() {
    if (pages_ != nullptr) {
        pages_->serve();
        if (received_ != nullptr) {
            received_->serve();
        }
    }
    const auto coarse_ns = set_loop_time();
    const bool open = door_ != nullptr;
    const bool timed = !timers_.empty();
    const bool fast = timed && turns_fast(coarse_ns);
    const bool may_sleep = !fast && !completions_.has_ready() && (!open || fall_asleep());
    if (!fast && (timed || completions_.has_cancels())) {
        enter_timed(may_sleep);
    } else {
        enter_untimed(may_sleep, fast);
    }
    if (may_sleep && open) {
        wake_up();
    }
    if (!box_.empty()) {
        box_.deliver_all();
    }
}

[[gnu::always_inline]] inline void shard::take_turn() {
    ++counters_.turns;
    if (door_ != nullptr || completions_.has_cancels()) {
        take_open_turn();
        return;
    }
    const auto coarse_ns = set_loop_time();
    const bool timed = !timers_.empty();
    const bool fast = timed && turns_fast(coarse_ns);
    const bool may_sleep = !fast && !completions_.has_ready();
    if (timed && !fast) {
        enter_timed(may_sleep);
    } else {
        enter_untimed(may_sleep, fast);
    }
}

void shard::run_until(const bool& done) {
    const current_shard entered(*this);
    if (watch_ != nullptr) {
        run_watched_until(done);
        return;
    }
    for (;;) {
        completions_.resume_ready(options_.resumes_per_turn);
        if (done) {
            return;
        }
        take_turn();
    }
}

void shard::run_watched_until(const bool& done) {
    for (;;) {
        completions_.resume_watched(options_.resumes_per_turn, pulse_);
        if (done) {
            return;
        }
        take_turn();
    }
}

std::optional<std::uint64_t> shard::sleep_limit_ns(std::uint64_t now_ns) const noexcept {
    std::optional<std::uint64_t> limit;
    if (const auto earliest = timers_.earliest_ns()) {
        limit = *earliest > now_ns ? *earliest - now_ns : 0;
    }
    if (const auto due = completions_.next_due_ms()) {
        const auto left = static_cast<std::int32_t>(*due - completions_.now_ms());
        const auto cancel = left > 0 ? static_cast<std::uint64_t>(left) * ns_per_ms : ns_per_ms;
        limit = limit ? std::min(*limit, cancel) : cancel;
    }
    return limit;
}

// Strands
// -------------------------------------------------------------------------------------------

void shard::strand_started(strand& flow) noexcept {
    flow.earlier = nullptr;
    flow.later = strands_;
    if (strands_ != nullptr) {
        strands_->earlier = &flow;
    }
    strands_ = &flow;
}

void shard::strand_ended(strand& flow) noexcept {
    if (flow.later != nullptr) {
        flow.later->earlier = flow.earlier;
    }
    (flow.earlier != nullptr ? flow.earlier->later : strands_) = flow.later;
}

}  // namespace pelton
