#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/stall_watch.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace pelton {

stall_watch::stall_watch(calls_face& calls, std::span<shard* const> shards,
                         std::uint64_t threshold_ns)
    : calls_(calls), threshold_ns_(threshold_ns) {
    for (auto* each : shards) {
        shards_.push_back({.of = each});
    }
    const auto tick = [](void* self) noexcept { return static_cast<stall_watch*>(self)->look(); };
    ticker_.reset(calls.start_ticker(tick, this, std::max<std::uint64_t>(threshold_ns / 4, 1)));
    for (auto* each : shards) {
        each->watch_ = this;
    }
}

stall_watch::~stall_watch() {
    ticker_.reset();
    for (const auto& each : shards_) {
        each.of->watch_ = nullptr;
    }
}

// False when it may doze.
bool stall_watch::look() noexcept {
    const auto now_ns = calls_.now_ns();
    for (auto& each : shards_) {
        look_at(each, now_ns);
    }
    if (!all_sleep()) {
        return true;
    }
    // Said first and looked at again, as a shard wakes first and then looks whether it was said.
    dozing_.store(true);
    return !all_sleep() && dozing_.exchange(false);
}

void stall_watch::look_at(seen& one, std::uint64_t now_ns) noexcept {
    const auto& pulse = one.of->pulse_;
    const auto beat = pulse.beat();
    const auto* name = pulse.running();
    if (name == nullptr || beat != one.beat) {
        one.beat = beat;
        one.since_ns = now_ns;
        one.told = false;
        return;
    }
    const auto length_ns = now_ns - one.since_ns;
    if (length_ns >= threshold_ns_ && !one.told) {
        one.told = true;
        one.of->notice(
            fmt::format("shard {} does nothing else while its task '{}' computes, for {} ms now; "
                        "offload() long "
                        "computations, or yield() in them",
                        one.of->number(), name, length_ns / 1'000'000));
    }
}

bool stall_watch::all_sleep() const noexcept {
    return std::ranges::all_of(shards_, [](const seen& each) { return each.of->asleep_.load(); });
}

void stall_watch::wake() noexcept {
    if (dozing_.exchange(false)) {
        ticker_->nudge();
    }
}

}  // namespace pelton
