// waitid(2) for a process by its descriptor: until it has ended.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <cstdint>

namespace pelton {

// `into` must outlive the await. Once it has succeeded the process is gone, also in a task that was
// asked to stop meanwhile.
class wait_for_process final : public operation<wait_for_process, void> {
public:
    wait_for_process(shard& here, int descriptor, siginfo_t& into) noexcept
        : operation(here), descriptor_(descriptor), into_(into) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        operation::await_suspend(waiter);
    }
    result<void> await_resume() noexcept {
        here().completions().peer_wait_ended();
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        constexpr unsigned by_descriptor = 3;  // P_PIDFD, missing from older C libraries
        sqe.opcode = abi::op_waitid;
        sqe.fd = descriptor_;
        sqe.len = by_descriptor;
        sqe.file_index = WEXITED;
        sqe.addr2 = reinterpret_cast<std::uint64_t>(&into_);
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    const char* name() const noexcept override { return "waitid"; }

    int descriptor_;
    siginfo_t& into_;
};

}  // namespace pelton
