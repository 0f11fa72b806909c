// splice(2) and tee(2) by the ring. The kernel carries both out on a thread of its own, which waits
// for the pipe there; a stop request ends that wait.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <algorithm>
#include <cstdint>

namespace pelton {

enum class splicing : std::uint8_t {
    moves,   // splice(2): what is moved is gone from the pipe it came from
    copies,  // tee(2): it stays there. From pipe to pipe only
};

// One side: a descriptor and where in it, target::no_position for its own position.
struct splice_side {
    int descriptor;
    std::uint64_t at;
    target* on;  // null for a descriptor that nobody of ours owns
};

class splice_operation final : public operation<splice_operation, std::size_t> {
public:
    splice_operation(shard& here, splicing what, splice_side from, splice_side into,
                     std::size_t bytes) noexcept
        : operation(here), what_(what), from_(from), into_(into), bytes_(bytes) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        used().enter();
        here().completions().peer_wait_begins();
        operation::await_suspend(waiter);
    }
    result<std::size_t> await_resume() noexcept {
        used().leave();
        here().completions().peer_wait_ended();
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = what_ == splicing::moves ? abi::op_splice : abi::op_tee;
        sqe.fd = into_.descriptor;
        sqe.len = static_cast<unsigned>(std::min(bytes_, abi::transfer_bytes_max));
        sqe.splice_fd_in = from_.descriptor;
        sqe.off = what_ == splicing::moves ? into_.at : 0;
        sqe.splice_off_in = what_ == splicing::moves ? from_.at : 0;
        return true;
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    targets_in_use used() const noexcept { return {from_.on, into_.on}; }
    const char* name() const noexcept override {
        return what_ == splicing::moves ? "splice" : "tee";
    }

    splicing what_;
    splice_side from_;
    splice_side into_;
    std::size_t bytes_;
};

}  // namespace pelton
