// Receiving into areas from a stream that may have arrivals: those come first, by a copy.
#pragma once

#include <pelton/runtime/op/arrivals.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>

#include <cstdint>
#include <utility>

namespace pelton {

// `Transfer` is socket_transfer or whole_socket_transfer.
template <class Transfer>
class receive_into final : public Transfer, arrival_waiter {
public:
    // `arriving` is the stream's and may be null; when nothing more is in it, its life ends here.
    template <class... Arguments>
    receive_into(arrivals*& arriving, Arguments&&... arguments) noexcept
        : Transfer(std::forward<Arguments>(arguments)...), arriving_(arriving) {}

    bool await_ready() noexcept {
        if (Transfer::await_ready()) {
            return true;
        }
        return arriving_ != nullptr && (answered_ = take());
    }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        if (arriving_ == nullptr) [[likely]] {
            Transfer::await_suspend(waiter);
            return;
        }
        auto& flow = *waiter.promise().on_strand();
        Transfer::count_in();
        this->here().completions().start_parked(*this, waiter, flow);
        if (!flow.stop_requested) {
            arriving_->set_waiter(this);
        }
    }

    result<std::size_t> await_resume() noexcept {
        if (!answered_) [[likely]] {
            return Transfer::await_resume();
        }
        if (answer_ < 0) {
            return failure(-answer_);
        }
        return this->decode(answer_);
    }

private:
    // True when the answer is here. When it is not and `arriving_` is null, the kernel has the
    // rest.
    bool take() noexcept {
        while (!arriving_->empty()) {
            answer_ = static_cast<std::int32_t>(arriving_->copy(this->rest()));
            if (this->took(static_cast<std::size_t>(answer_))) {
                return true;
            }
        }
        if (arriving_->over()) {
            answer_ = arriving_->how();
            return true;
        }
        if (!arriving_->pending()) {
            arriving_->abandon(-1);
            arriving_ = nullptr;
        }
        return false;
    }

    // From inside the arrivals, which therefore live on when nothing more is in them.
    void something_arrived() noexcept override {
        while (!arriving_->empty()) {
            answer_ = static_cast<std::int32_t>(arriving_->copy(this->rest()));
            if (this->took(static_cast<std::size_t>(answer_))) {
                this->wake(answer_);
                return;
            }
        }
        if (arriving_->over()) {
            this->wake(arriving_->how());
        } else if (arriving_->pending()) {
            arriving_->set_waiter(this);
        } else {
            this->here().completions().start_again(*this);
        }
    }
    void stopped_parked() noexcept override {
        arriving_->set_waiter(nullptr);
        this->wake(-ECANCELED);
    }

    arrivals*& arriving_;
    std::int32_t answer_ = 0;
    bool answered_ = false;
};

}  // namespace pelton
