#include <pelton/runtime/shard/with_stop.hpp>

namespace pelton::detail {

stop_bridge::stop_bridge(shard& here) : here_(here) {
    here_.open_door();
    here_.message_expected();
}

stop_bridge::~stop_bridge() {
    check(is_settled(), "a task was destroyed while a stop request is on its way to it");
    here_.message_not_expected();
}

void stop_bridge::connect(strand& to) noexcept {
    to_ = &to;
}

void stop_bridge::deliver() noexcept {
    delivered_ = true;
    if (to_ != nullptr) {
        to_->request_stop();
    }
    if (waiter_.handle) {
        here_.make_ready(waiter_);
    }
}

}  // namespace pelton::detail
