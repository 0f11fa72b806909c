// close(2). The descriptor is gone whatever the answer, which reports what an earlier write met.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/late_close.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <utility>

namespace pelton {

// Runs to its end although a stop was asked for, and is called by the destructor when nobody
// awaited it: a descriptor must not be left behind. Without the opcode close(2) is called here and
// now.
class close_operation final : public operation<close_operation, void> {
public:
    // `lost`: the errno of an earlier sync that failed, which is reported here again; or 0.
    close_operation(shard& here, int descriptor, int lost = 0) noexcept
        : operation(here), descriptor_(descriptor), lost_(lost), shielded_(*this) {}
    // For a descriptor that an operation names which may still have to be shown to the kernel, and
    // a kernel that has the opcode: the SQE goes behind that one's.
    static close_operation behind_others(shard& here, int descriptor) noexcept {
        return close_operation(here, descriptor, behind_others_tag());
    }
    // For a descriptor that another operation closes at its end, soon.
    explicit close_operation(shard& here) noexcept
        : operation(here), descriptor_(-1), elsewhere_(true), shielded_(*this) {}
    ~close_operation() {
        if (descriptor_ >= 0 && behind_others_) {
            late_close::begin(here(), std::exchange(descriptor_, -1));
        } else if (descriptor_ >= 0) {
            static_cast<void>(here().calls().close(std::exchange(descriptor_, -1)));
        }
    }

    bool await_ready() const noexcept {
        return descriptor_ < 0 || !here().queues().has(feature::close);
    }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        waiter_ = waiter.promise().on_strand();
        deaf_.home = waiter_->home;
        here().completions().start(*this, waiter, deaf_);
        waiter_->waiting_in = &shielded_;
    }
    result<void> await_resume() noexcept {
        const auto closed = told();
        return closed && lost_ != 0 ? failure(lost_) : closed;
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_close;
        sqe.fd = descriptor_;
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    struct behind_others_tag {};
    close_operation(shard& here, int descriptor, behind_others_tag) noexcept
        : operation(here), descriptor_(descriptor), behind_others_(true), shielded_(*this) {}

    result<void> told() noexcept {
        const int descriptor = std::exchange(descriptor_, -1);
        if (waiter_ != nullptr) {
            waiter_->waiting_in = nullptr;
            // Never restarted: the descriptor is gone even on EINTR (close(2)).
            return outcome() == -EINTR ? result<void>() : operation::await_resume();
        }
        if (elsewhere_) {
            return {};
        }
        return descriptor < 0 ? failure(EBADF) : here().calls().close(descriptor);
    }

    // What the task waits in: it is told of in a dump and does not pass stop requests on. One that
    // reached the kernel would leave open whether the descriptor still is.
    class shielded final : public leaf {
    public:
        explicit shielded(const close_operation& inside) noexcept : inside_(inside) {}
        void request_stop() noexcept override {}
        std::size_t describe(char* into, std::size_t room) const noexcept override {
            return inside_.describe(into, room);
        }

    private:
        const close_operation& inside_;
    };

    const char* name() const noexcept override { return "close"; }

    int descriptor_;  // -1 once closed, or given to the kernel and answered
    bool elsewhere_ = false;
    bool behind_others_ = false;
    int lost_ = 0;
    strand* waiter_ = nullptr;
    strand deaf_;  // what the loop takes for the flow: nobody asks it to stop
    shielded shielded_;
};

}  // namespace pelton
