// connect(2), which ends when the connection stands or is refused.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <sys/socket.h>

namespace pelton {

// The address must outlive the await. After an error the socket is good for nothing but close().
class connect_operation final : public operation<connect_operation, void> {
public:
    connect_operation(shard& here, int descriptor, const sockaddr* address,
                      socklen_t bytes) noexcept
        : operation(here), descriptor_(descriptor), bytes_(bytes), address_(address) {}
    // On a socket that is open longer, and counts this as one of the operations on it.
    connect_operation(shard& here, target& on, const sockaddr* address, socklen_t bytes) noexcept
        : operation(here),
          descriptor_(on.descriptor()),
          bytes_(bytes),
          address_(address),
          on_(&on) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        if (on_ != nullptr) {
            on_->enter();
        }
        operation::await_suspend(waiter);
    }
    result<void> await_resume() noexcept {
        here().completions().peer_wait_ended();
        if (on_ != nullptr) {
            on_->leave();
        }
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_connect;
        sqe.fd = descriptor_;
        sqe.addr = reinterpret_cast<std::uint64_t>(address_);
        sqe.off = bytes_;
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    const char* name() const noexcept override { return "connect"; }

    int descriptor_;
    socklen_t bytes_;
    const sockaddr* address_;
    target* on_ = nullptr;
};

}  // namespace pelton
