// close(2). The descriptor is gone whatever the answer, which reports what an earlier write met.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

namespace pelton {

// Runs to its end although a stop was asked for: a descriptor must not be left behind.
class close_operation final : public operation<close_operation, void> {
public:
    close_operation(shard& here, int descriptor) noexcept
        : operation(here), descriptor_(descriptor) {}

    // Without the opcode, or in a strand that was asked to stop, close(2) is called here and now.
    bool await_ready() const noexcept {
        return descriptor_ < 0 || !here().queues().has(feature::close);
    }
    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        if (waiter.promise().on_strand()->stop_requested) {
            return false;
        }
        submitted_ = true;
        operation::await_suspend(waiter);
        return true;
    }
    result<void> await_resume() noexcept {
        if (descriptor_ < 0) {
            return failure(EBADF);
        }
        // A close that was cancelled before it ran has closed nothing.
        return submitted_ && outcome() != -ECANCELED ? operation::await_resume()
                                                     : here().calls().close(descriptor_);
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_close;
        sqe.fd = descriptor_;
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    const char* name() const noexcept override { return "close"; }

    int descriptor_;
    bool submitted_ = false;
};

}  // namespace pelton
