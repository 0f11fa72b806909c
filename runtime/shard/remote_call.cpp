#include <pelton/runtime/shard/remote_call.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

namespace pelton {

// Here
// ----------------------------------------------------------------------------------------------

void remote_call::begin(std::coroutine_handle<> waiter, strand& flow) noexcept {
    here_ = &static_cast<shard&>(*flow.home);
    flow_ = &flow;
    waiter_.handle = waiter;
    if (flow.stop_requested) {
        if (refuse()) {
            here_->make_ready(waiter_);
            return;
        }
        begins_stopped_ = true;
    }
    out_ = true;
    flow.waiting_in = this;
    if (&there_ == here_) {
        arrive();
        return;
    }
    check(here_->shards() > 1 && &here_->peer(there_.number()) == &there_,
          "on() goes to a shard of the same run(); use post() for others");
    ++here_->counters().calls;
    here_->lane_to(there_).send(going_);
}

void remote_call::request_stop() noexcept {
    if (!out_ || begins_stopped_ || (marks_.load() & stop_sent) != 0) {
        return;
    }
    if (&there_ == here_) {
        stop_arrived();
        return;
    }
    if (here_->lane_to(there_).take_back(going_)) {
        if (refuse()) {
            settle();
            return;
        }
        begins_stopped_ = true;  // it goes as one that is asked to stop
        here_->lane_to(there_).send(going_);
        return;
    }
    if ((marks_.fetch_or(stop_sent) & ended) == 0) {
        there_.post(stop_);
    }
}

void remote_call::settle() noexcept {
    out_ = false;
    flow_->waiting_in = nullptr;
    here_->make_ready(waiter_);
}

std::size_t remote_call::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "call of shard {}", there_.number()).size;
}

// There
// ---------------------------------------------------------------------------------------------

void remote_call::arrive() noexcept {
    if (&there_ != here_) {
        here_->lane_to(there_).taken();
    }
    there_.guests().start(body(), name_);
}

void remote_call::arrived(strand& flow) noexcept {
    remote_ = &flow;
    flow.stop_requested = flow.stop_requested || begins_stopped_ || stop_came_;
}

void remote_call::stop_arrived() noexcept {
    stop_came_ = true;
    if (remote_ != nullptr) {
        remote_->request_stop();
    } else if ((marks_.load() & ended) != 0) {
        send_back();
    }
}

void remote_call::done() noexcept {
    remote_ = nullptr;
    if (&there_ == here_) {
        settle();
        return;
    }
    // A stop that is on its way is waited for: the message lies in this call.
    if ((marks_.fetch_or(ended) & stop_sent) == 0 || stop_came_) {
        send_back();
    }
}

void remote_call::send_back() noexcept {
    here_->post(coming_);
}

}  // namespace pelton
