#include <pelton/runtime/op/receive.hpp>

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace pelton {

// Without the kernel
// ------------------------------------------------------------------------------

bool receive_operation::await_ready() {
    if (from_.arriving != nullptr && answer_is_here()) {
        return true;
    }
    buffers_ = here().received();
    if (buffers_ == nullptr) {
        here().pages();  // may throw, which is too late once it was started
    }
    if (from_.arriving != nullptr) {
        at_ = stage::arriving;
    } else {
        at_ = buffers_ != nullptr ? stage::picking : stage::polling;
    }
    return false;
}

bool receive_operation::answer_is_here() noexcept {
    auto& source = *from_.arriving;
    if (!source.empty()) {
        taken_ = source.take(from_.bytes_max);
        answer_ = static_cast<std::int32_t>(taken_.size());
        return true;
    }
    if (source.over()) {
        answer_ = source.how();
        return true;
    }
    if (!source.pending()) {
        source.abandon(-1);
        from_.arriving = nullptr;
    }
    return false;
}

arrivals* receive_operation::make_arrivals() noexcept {
    if (!from_.multishot || buffers_ == nullptr ||
        !here().queues().has(feature::receive_multishot)) {
        return nullptr;
    }
    return here().lasting().make<arrivals>(here(), from_.on.descriptor(), *buffers_,
                                           from_.pages_ahead);
}

result<lease> receive_operation::await_resume() noexcept {
    if (at_ == stage::ready) {
        return answer_ < 0 ? result<lease>(failure(-answer_)) : std::move(taken_);
    }
    from_.on.leave();
    count_no_more();
    return operation::await_resume();
}

result<lease> receive_operation::decode(std::int32_t outcome) noexcept {
    if (at_ == stage::filling) {
        taken_.narrow(0, static_cast<std::size_t>(outcome));
    }
    return std::move(taken_);
}

// Starting
// ----------------------------------------------------------------------------------------

void receive_operation::begin(std::coroutine_handle<> waiter, strand& flow) noexcept {
    if (from_.arriving == nullptr && !flow.stop_requested) {
        from_.arriving = make_arrivals();
    }
    if (from_.arriving == nullptr) {
        count_as_waiting();
        here().completions().start(*this, waiter, flow);
        return;
    }
    at_ = stage::arriving;
    here().completions().start_parked(*this, waiter, flow);
    if (flow.stop_requested) {
        return;
    }
    from_.arriving->set_waiter(this);
    if (from_.multishot) {
        from_.arriving->open_door();
    }
}

// While it is in the kernel its peer decides when it ends.
void receive_operation::count_as_waiting() noexcept {
    if (!std::exchange(counted_, true)) {
        here().completions().peer_wait_begins();
    }
}

void receive_operation::count_no_more() noexcept {
    if (std::exchange(counted_, false)) {
        here().completions().peer_wait_ended();
    }
}

bool receive_operation::prepare(io_uring_sqe& sqe, ring& queues) noexcept {
    if (at_ == stage::polling) {
        io_uring_prep_poll_add(&sqe, from_.on.descriptor(), POLLIN);
        return true;
    }
    from_.on.name_in(sqe, queues);
    const bool plain = at_ == stage::picking || queues.has(feature::recv);
    sqe.opcode = plain ? abi::op_recv : abi::op_read;
    const auto most = std::min(from_.bytes_max, abi::transfer_bytes_max);
    if (at_ == stage::picking) {
        sqe.flags |= abi::sqe_buffer_select;
        sqe.buf_group = receive_buffers::group;
        sqe.len = most < buffers_->run_bytes() ? static_cast<std::uint32_t>(most) : 0;
        return true;
    }
    sqe.addr = reinterpret_cast<std::uint64_t>(taken_.data());
    sqe.len = static_cast<std::uint32_t>(std::min(most, taken_.size()));
    sqe.off = plain ? 0 : target::no_position;
    return true;
}

// In the CQ loop
// ----------------------------------------------------------------------------------

void receive_operation::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if (at_ != stage::picking) {
        return;
    }
    if (outcome > 0) {
        taken_ = buffers_->arrived(static_cast<std::size_t>(outcome), flags);
    } else {
        buffers_->unused(flags);
    }
}

void receive_operation::finished() noexcept {
    const auto how = outcome();
    count_no_more();
    if (at_ == stage::picking && how == -ENOBUFS && !stopping()) {
        if (buffers_->wait(*this)) {
            at_ = stage::for_buffers;
            park();
        } else {
            again(stage::picking);
        }
    } else if (at_ == stage::polling && how >= 0 && !stopping()) {
        auto pages = here().pages().take_now(wanted());
        if (pages) {
            taken_ = std::move(*pages);
            again(stage::filling);
        } else if (pages.error() == std::errc::no_buffer_space) {
            at_ = stage::for_pages;
            park();
            here().pages().join_queue(*this);
        } else {
            wake(-pages.error().value());
        }
    } else {
        // What would go on, were it not to stop, has no answer yet.
        const bool would_go_on =
            (at_ == stage::picking && how == -ENOBUFS) || (at_ == stage::polling && how >= 0);
        wake(would_go_on ? -ECANCELED : how);
    }
}

void receive_operation::again(stage to) noexcept {
    at_ = to;
    count_as_waiting();
    here().completions().start_again(*this);
}

// Parked
// ------------------------------------------------------------------------------------------

void receive_operation::pages_came(lease pages) noexcept {
    taken_ = std::move(pages);
    again(at_ == stage::for_pages ? stage::filling : stage::picking);
}

void receive_operation::something_arrived() noexcept {
    auto& source = *from_.arriving;
    if (!source.empty()) {
        taken_ = source.take(from_.bytes_max);
        wake(static_cast<std::int32_t>(taken_.size()));
    } else if (source.over()) {
        wake(source.how());
    } else {
        again(buffers_ != nullptr ? stage::picking : stage::polling);
    }
}

void receive_operation::stopped_parked() noexcept {
    if (at_ == stage::arriving) {
        from_.arriving->set_waiter(nullptr);
    } else if (at_ == stage::for_buffers) {
        buffers_->forget(*this);
    } else {
        here().pages().leave_queue(*this);
    }
    wake(-ECANCELED);
}

std::size_t receive_operation::describe(char* into, std::size_t room) const noexcept {
    switch (at_) {
        case stage::arriving:
            return fmt::format_to_n(into, room, "receive from an inflow").size;
        case stage::for_buffers:
        case stage::for_pages:
            return fmt::format_to_n(into, room, "receive that waits for pages").size;
        default:
            return record::describe(into, room);
    }
}

}  // namespace pelton
