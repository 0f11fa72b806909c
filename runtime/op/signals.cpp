#include <pelton/runtime/op/signals.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <cerrno>

namespace pelton {

signal_awaiter::signal_awaiter(signals& of) noexcept : operation(of.here_), of_(of) {
    set_hooked();
}

bool signal_awaiter::await_ready() noexcept {
    number_ = of_.take();
    return number_ != 0;
}

bool signal_awaiter::prepare(io_uring_sqe& sqe, ring&) noexcept {
    sqe.opcode = abi::op_read;
    sqe.fd = of_.descriptor_;
    sqe.addr = reinterpret_cast<std::uint64_t>(&rings_);
    sqe.len = sizeof(rings_);
    return true;
}

bool signal_awaiter::completed(std::int32_t& outcome) noexcept {
    if (outcome < 0) {
        return (outcome != -EINTR && outcome != -EAGAIN) || stopping();
    }
    number_ = of_.take();
    if (number_ == 0 && stopping()) {
        outcome = -ECANCELED;
    }
    // The rings of signals that were taken without a wait are still to be read.
    return number_ != 0 || stopping();
}

signals::signals(shard& here, std::span<const int> numbers, bool once)
    : here_(here), descriptor_(-1), watches_(numbers.size()) {
    const auto made = here_.calls().eventfd();
    if (!made) {
        throw_failed_call(made.error().value(), "eventfd");
    }
    descriptor_ = *made;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        watches_[i].number = numbers[i];
        watches_[i].descriptor = descriptor_;
        watches_[i].once = once;
        if (const auto watched = here_.calls().watch_signal(watches_[i]); !watched) {
            unwatch(i);
            throw_failed_call(watched.error().value(), "sigaction");
        }
    }
}

signals::~signals() {
    unwatch(watches_.size());
}

void signals::unwatch(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        here_.calls().unwatch_signal(watches_[i]);
    }
    // An eventfd's close has nothing to report.
    static_cast<void>(here_.calls().close(descriptor_));
}

int signals::take() noexcept {
    for (auto& each : watches_) {
        if (each.arrivals.exchange(0) != 0) {
            return each.number;
        }
    }
    return 0;
}

}  // namespace pelton
