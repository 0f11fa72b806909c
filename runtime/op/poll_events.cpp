#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/poll_events.hpp>
#include <pelton/runtime/ring/sqe.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cerrno>

namespace pelton {

poll_events::poll_events(shard& here, int descriptor, unsigned events) noexcept
    : lasting_record(here.completions()), descriptor_(descriptor), wanted_(events) {}

void poll_events::open_door() noexcept {
    if (!running()) {
        ending_ = false;
        start();
    }
}

result<unsigned> poll_events::take() noexcept {
    tellings_ = 0;
    if (events_ == 0) {
        return failure(-std::exchange(failure_, 0));
    }
    return std::exchange(events_, 0);
}

bool poll_events::prepare(io_uring_sqe& sqe, ring&) noexcept {
    io_uring_prep_poll_add(&sqe, descriptor_, wanted_);
    sqe.len = abi::poll_add_multi;
    return true;
}

void poll_events::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if (outcome <= 0) {
        return;
    }
    events_ |= static_cast<unsigned>(outcome);
    if (++tellings_ >= untaken_max && !ending_ && more_follow(flags)) {
        ending_ = true;
        ask_to_end();
    }
    tell_waiter();
}

// Begun again it is told of what holds, so nothing is missed in between.
void poll_events::ended() noexcept {
    const auto how = outcome();
    if (how < 0 && !(how == -ECANCELED && ending_)) {
        failure_ = how;
        tell_waiter();
    } else if (tellings_ < untaken_max) {
        open_door();
    }
}

result<unsigned> next_events::await_resume() noexcept {
    if (stopped()) {
        return failure(ECANCELED);
    }
    return from_.take();
}

}  // namespace pelton
