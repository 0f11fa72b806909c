#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/connections.hpp>
#include <pelton/runtime/ring/sqe.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <utility>

namespace pelton {

connections::connections(shard& here, int listener) noexcept
    : lasting_record(here.completions()), home_(here), listener_(listener) {}

connections::~connections() {
    for (; first_ < untaken_.size(); ++first_) {
        close(untaken_[first_]);
    }
}

void connections::open_door() noexcept {
    door_ = true;
    go_on();
}

void connections::close_door() noexcept {
    door_ = false;
    if (running()) {
        ending_ = true;
        ask_to_end();
    }
}

result<int> connections::take() noexcept {
    if (first_ == untaken_.size()) {
        return failure(-std::exchange(failure_, 0));
    }
    const int oldest = untaken_[first_++];
    if (first_ == untaken_.size()) {
        untaken_.clear();
        first_ = 0;
        go_on();
    }
    return oldest;
}

void connections::go_on() noexcept {
    if (door_ && !running() && failure_ == 0) {
        ending_ = false;
        start();
    }
}

bool connections::prepare(io_uring_sqe& sqe, ring&) noexcept {
    sqe.opcode = abi::op_accept;
    sqe.fd = listener_;
    sqe.accept_flags = SOCK_CLOEXEC;
    sqe.ioprio = abi::accept_multishot;
    return true;
}

void connections::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if (outcome >= 0) {
        keep(outcome);
    }
    if (untaken_.size() - first_ >= untaken_max && !ending_ && more_follow(flags)) {
        ending_ = true;
        ask_to_end();
    }
    if (!empty()) {
        tell_waiter();
    }
}

void connections::keep(int descriptor) noexcept {
    if (is_orphan()) {
        close(descriptor);
        return;
    }
    try {
        untaken_.push_back(descriptor);
    } catch (const std::bad_alloc&) {
        close(descriptor);
        failure_ = -ENOMEM;
    }
}

void connections::close(int descriptor) noexcept {
    if (const auto closed = home_.calls().close(descriptor); !closed) {
        home_.report(closed.error(), "close of a connection nobody took");
    }
}

void connections::ended() noexcept {
    const auto how = outcome();
    if (how >= 0 || (how == -ECANCELED && ending_)) {
        if (untaken_.size() - first_ < untaken_max) {
            go_on();
        }
    } else {
        failure_ = how;
    }
    tell_waiter();
}

// Waiting
// -----------------------------------------------------------------------------------------

result<int> next_connection::await_resume() noexcept {
    if (stopped() || from_.empty()) {
        return failure(stopped() ? ECANCELED
                                 : EINTR);  // EINTR: the next try finds it started again
    }
    return from_.take();
}

void last_connection::something_arrived() noexcept {
    if (of_->running()) {
        of_->set_waiter(this);
        return;
    }
    flow_->waiting_in = nullptr;
    flow_->home->make_ready(waiter_);
}

std::size_t last_connection::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "end of a multishot accept").size;
}

}  // namespace pelton
