#include <pelton/runtime/op/arrival_wait.hpp>

#include <fmt/format.h>

namespace pelton {

bool arrival_wait::wait(std::coroutine_handle<> waiter, strand& flow) noexcept {
    waiter_.handle = waiter;
    flow_ = &flow;
    if (flow.stop_requested) {
        stopped_ = true;
        flow.home->make_ready(waiter_);
        return false;
    }
    flow.waiting_in = this;
    from_.set_waiter(this);
    return true;
}

void arrival_wait::something_arrived() noexcept {
    flow_->waiting_in = nullptr;
    flow_->home->make_ready(waiter_);
}

void arrival_wait::request_stop() noexcept {
    stopped_ = true;
    from_.set_waiter(nullptr);
    something_arrived();
}

std::size_t arrival_wait::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "wait for {}", what_).size;
}

}  // namespace pelton
