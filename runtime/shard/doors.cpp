// How other threads reach a shard.
#include <pelton/runtime/shard/current_shard.hpp>
#include <pelton/runtime/shard/lane.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/team.hpp>

namespace pelton {

shard* shard::of_this_thread() noexcept {
    return current_shard::of_thread;
}

void shard::open_door() {
    if (door_ == nullptr) {
        door_ = std::make_unique<doorbell>(completions_, *options_.calls);
        door_->arm();
    }
}

// A shard that is awake looks into its mailbox before it sleeps, so it need not be rung.
void shard::post(message& one) noexcept {
    box_.put(one);
    auto* from = of_this_thread();
    if (from == this || !asleep_.load()) {
        return;
    }
    if (from != nullptr && team_ != nullptr && from->team_ == team_) {
        from->lane_to(*this).ring();
    } else {
        door_->ring();
    }
}

void shard::submit(blocking_job& job) noexcept {
    ++counters_.offloads;
    try {
        open_door();
        if (threads_ == nullptr) {
            threads_.reset(options_.calls->make_blocking_threads(options_.blocking_threads_max));
        }
        if (threads_->submit(job)) {
            return;
        }
    } catch (const std::exception& error) {
        report(std::make_error_code(std::errc::resource_unavailable_try_again), error.what());
    }
    job.run();
    job.finished();
    if (door_ == nullptr) {
        box_.deliver_all();  // no doorbell could be made, so none will be heard
    }
}

shard_address shard::address() {
    // Who else took one could do so after it was found that nobody has one.
    check(
        std::this_thread::get_id() == thread_ || (gate_ != nullptr && of_this_thread() != nullptr),
        "a shard's address() was asked for on another thread; ask on the shard's own and pass "
        "the address on");
    if (gate_ == nullptr) {
        open_door();
        gate_ = std::make_shared<gate>(*this, options_.mailbox_places);
    }
    return shard_address(gate_);
}

void shard::retire() {
    guests_.request_stop();
    if (gate_ != nullptr) {
        gate_->close();
        run_until(gate_->all_ended());
    }
}

// Peers
// ---------------------------------------------------------------------------------------------

unsigned shard::shards() const noexcept {
    return team_ == nullptr ? 1 : team_->size();
}

shard& shard::peer(unsigned number) {
    check(number < shards(), "there is no shard with this number");
    return number == number_ ? *this : team_->member(number);
}

lane& shard::lane_to(const shard& other) noexcept {
    return team_->between(number_, other.number_);
}

}  // namespace pelton
