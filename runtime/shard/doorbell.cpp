#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/shard/doorbell.hpp>

#include <array>
#include <cerrno>

namespace pelton {
namespace {

int open_eventfd(calls_face& calls) {
    const auto made = calls.eventfd();
    if (!made) {
        throw_failed_call(made.error().value(), "eventfd");
    }
    return *made;
}

}  // namespace

doorbell::doorbell(loop& completions, calls_face& calls)
    : completions_(completions), calls_(calls), descriptor_(open_eventfd(calls)) {}

doorbell::~doorbell() {
    // Nothing was written through it, so close(2) has nothing to report.
    static_cast<void>(calls_.close(descriptor_));
}

void doorbell::arm() noexcept {
    completions_.start_reserved(*this);
}

void doorbell::ring() noexcept {
    if (rung_.exchange(true)) {
        return;
    }
    constexpr std::uint64_t one = 1;
    const auto written = calls_.write(descriptor_, std::as_bytes(std::span(&one, 1)));
    check(written.has_value(), "a shard's doorbell could not be rung");
}

bool doorbell::prepare(io_uring_sqe& sqe, class ring&) noexcept {
    io_uring_prep_rw(abi::op_read, &sqe, descriptor_, &rings_, sizeof(rings_), 0);
    return true;
}

void doorbell::finished() noexcept {
    if (!closing_) {
        check(outcome() == static_cast<std::int32_t>(sizeof(rings_)) || outcome() == -EAGAIN ||
                  outcome() == -EINTR || outcome() == -ECANCELED,
              "a shard's doorbell broke");
        completions_.start_reserved(*this);
    }
    rung_.store(false);  // before the shard looks into its mailbox
}

}  // namespace pelton
