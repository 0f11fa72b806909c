// poll(2) for one descriptor: until it is ready, or has hung up.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <cstdint>

namespace pelton {

// `events` are poll(2)'s; `Self` decodes those that came, POLLERR and POLLHUP among them. Reads
// nothing.
template <class Self, class T>
class poll_base : public operation<Self, T> {
    using base = operation<Self, T>;

public:
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        this->here().completions().peer_wait_begins();
        base::await_suspend(waiter);
    }
    result<T> await_resume() noexcept {
        this->here().completions().peer_wait_ended();
        return base::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_poll_add(&sqe, descriptor_, events_);
        return true;
    }

protected:
    poll_base(shard& here, int descriptor, unsigned events) noexcept
        : base(here), descriptor_(descriptor), events_(events) {}
    ~poll_base() = default;

private:
    const char* name() const noexcept override { return "poll"; }

    int descriptor_;
    unsigned events_;
};

class poll_operation final : public poll_base<poll_operation, unsigned> {
public:
    poll_operation(shard& here, int descriptor, unsigned events) noexcept
        : poll_base(here, descriptor, events) {}

    result<unsigned> decode(std::int32_t outcome) const noexcept {
        return static_cast<unsigned>(outcome);
    }
};

}  // namespace pelton
