// accept4(2): the next connection of a listening socket, close-on-exec.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <sys/socket.h>

namespace pelton {

// `Self` decodes the descriptor into an owner. One that arrives although a stop was asked for is
// yielded like any other, so none is lost.
template <class Self, class Accepted>
class accept_operation : public operation<Self, Accepted> {
    using base = operation<Self, Accepted>;

public:
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        on_.enter();
        this->here().completions().peer_wait_begins();
        base::await_suspend(waiter);
    }

    result<Accepted> await_resume() noexcept {
        on_.leave();
        this->here().completions().peer_wait_ended();
        return base::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_accept;
        sqe.fd = on_.descriptor();
        sqe.accept_flags = SOCK_CLOEXEC;
        return true;
    }

protected:
    accept_operation(shard& here, target& on) noexcept : base(here), on_(on) {}
    ~accept_operation() = default;

private:
    const char* name() const noexcept override { return "accept"; }

    target& on_;
};

}  // namespace pelton
