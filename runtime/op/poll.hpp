// poll(2) for one descriptor: until it is ready, or has hung up.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <cstdint>

namespace pelton {

// `events` are poll(2)'s; yields those that came, POLLERR and POLLHUP among them. Reads nothing.
class poll_operation final : public operation<poll_operation, unsigned> {
public:
    poll_operation(shard& here, int descriptor, unsigned events) noexcept
        : operation(here), descriptor_(descriptor), events_(events) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        operation::await_suspend(waiter);
    }
    result<unsigned> await_resume() noexcept {
        here().completions().peer_wait_ended();
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_poll_add(&sqe, descriptor_, events_);
        return true;
    }
    result<unsigned> decode(std::int32_t outcome) const noexcept {
        return static_cast<unsigned>(outcome);
    }

private:
    const char* name() const noexcept override { return "poll"; }

    int descriptor_;
    unsigned events_;
};

}  // namespace pelton
