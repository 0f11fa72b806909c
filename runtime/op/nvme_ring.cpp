#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/nvme_ring.hpp>

#include <fmt/format.h>

#include <poll.h>

namespace pelton {

nvme_pending::nvme_pending(nvme_ring& by, int descriptor, const nvme_request& what,
                           bool may_be_registered) noexcept
    : by_(by),
      descriptor_(descriptor),
      what_(what),
      registered_(may_be_registered && what.way == nvme_way::io && what.words.data_length != 0 &&
                  by.queues.is_registered(reinterpret_cast<const void*>(what.words.data),
                                          what.words.data_length)) {}

void nvme_pending::enqueue(std::coroutine_handle<> waiter, strand& flow) noexcept {
    waiter_.handle = waiter;
    flow_ = &flow;
    stopped_ = flow.stop_requested;
    if (!stopped_) {
        in_ring_ = true;
        since_ms_ = by_.here.completions().now_ms();
        by_.add(*this);
    }
    flow.home->make_ready(waiter_);
}

void nvme_pending::prepare(command_sqe& sqe) const noexcept {
    sqe.head.opcode = abi::op_uring_cmd;
    sqe.head.fd = descriptor_;
    sqe.head.cmd_op = what_.way == nvme_way::io_vector ? abi::nvme_io_vector : abi::nvme_io;
    sqe.head.user_data = reinterpret_cast<std::uint64_t>(this);
    if (registered_) {
        sqe.head.rw_flags = abi::uring_cmd_fixed;  // uring_cmd_flags, in newer headers
        sqe.head.buf_index = 0;
    }
    sqe.set_command(what_.words);
}

void nvme_pending::completed(std::int32_t result) noexcept {
    result_ = result;
    in_ring_ = false;
    if (awaited_) {
        flow_->waiting_in = nullptr;
        flow_->home->make_ready(waiter_);
    }
}

std::size_t nvme_pending::describe(char* into, std::size_t room) const noexcept {
    const auto* what = what_.words.opcode == abi::nvme_read    ? "read"
                       : what_.words.opcode == abi::nvme_write ? "write"
                                                               : "flush";
    return fmt::format_to_n(into, room, "NVMe {} in the kernel for {} ms", what,
                            by_.here.completions().now_ms() - since_ms_)
        .size;
}

void nvme_ring::add(nvme_pending& one) noexcept {
    auto* sqe = queues.peek();
    check(sqe != nullptr, "an NVMe queue gave more places than its ring has");
    one.prepare(*sqe);
    queues.commit();
    ++pending_;
}

bool nvme_ring::submit() noexcept {
    if (queues.offered() != 0) {
        queues.enter(false);
        watch();
    }
    return queues.offered() == 0;
}

void nvme_ring::watch() noexcept {
    if (!watching_ && pending_ != 0) {
        watching_ = true;
        // It must not wait for room that is taken by operations which wait for these commands.
        here.completions().peer_wait_begins();
        here.completions().start_unawaited(*this);
    }
}

bool nvme_ring::prepare(io_uring_sqe& sqe, ring&) noexcept {
    io_uring_prep_poll_add(&sqe, queues.descriptor(), POLLIN);
    return true;
}

// The poll told of something; or it failed, or was cancelled when the shard ends, and is repeated.
void nvme_ring::finished() noexcept {
    watching_ = false;
    here.completions().peer_wait_ended();
    queues.enter(true);
    queues.reap([&](std::uint64_t user_data, std::int32_t result) {
        --pending_;
        reinterpret_cast<nvme_pending*>(user_data)->completed(result);
    });
    watch();
}

}  // namespace pelton
