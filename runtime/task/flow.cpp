#include <pelton/runtime/task/flow.hpp>

#include <fmt/format.h>

namespace pelton {

void flow::promise_type::end_awaiter::await_suspend(
    std::coroutine_handle<promise_type> ended) const noexcept {
    // This awaiter lies in the frame that ended() destroys: nothing of it is touched afterwards.
    auto& promise = ended.promise();
    promise.group_->ended(promise);
}

void flow_group::start(flow one, const char* name) noexcept {
    auto& promise = *std::exchange(one.promise_, nullptr);
    auto& home = *waiter_strand_.home;
    promise.group_ = this;
    promise.strand_.home = &home;
    promise.strand_.name = name;
    promise.strand_.stop_requested = stop_requested_ || waiter_strand_.stop_requested;
    promise.set_strand(&promise.strand_);
    promise.later_ = newest_;
    if (newest_ != nullptr) {
        newest_->earlier_ = &promise;
    }
    newest_ = &promise;
    ++running_;
    home.strand_started(promise.strand_);
    home.make_ready(promise.start_);
}

void flow_group::ended(flow::promise_type& one) noexcept {
    if (one.later_ != nullptr) {
        one.later_->earlier_ = one.earlier_;
    }
    (one.earlier_ != nullptr ? one.earlier_->later_ : newest_) = one.later_;
    waiter_strand_.home->strand_ended(one.strand_);
    std::coroutine_handle<flow::promise_type>::from_promise(one).destroy();
    --running_;
    if (running_ == 0 && waiter_.handle) {
        waiter_strand_.waiting_in = nullptr;
        waiter_strand_.home->make_ready(waiter_);
    }
}

void flow_group::request_stop() noexcept {
    stop_requested_ = true;
    for (auto* one = newest_; one != nullptr; one = one->later_) {
        one->strand_.request_stop();
    }
}

std::size_t flow_group::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "join of {} tasks", running_).size;
}

}  // namespace pelton
