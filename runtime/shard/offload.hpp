// co_await pelton::offload(here, fn): fn runs on a thread for blocking calls, its value comes back.
#pragma once

#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace pelton {

template <class F>
class [[nodiscard]] offload_awaiter final : public leaf, blocking_job, message {
public:
    using value_type = std::invoke_result_t<F&>;

    template <class G>
    offload_awaiter(shard& here, G&& call) : here_(here), call_(std::forward<G>(call)) {}
    offload_awaiter(const offload_awaiter&) = delete;
    offload_awaiter& operator=(const offload_awaiter&) = delete;
    ~offload_awaiter() { check(!out_, "a task was destroyed while a thread works for it"); }

    bool await_ready() const noexcept { return false; }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        waiter_.handle = waiter;
        flow_ = waiter.promise().on_strand();
        flow_->waiting_in = this;
        out_ = true;
        ++here_.jobs_out_;
        here_.submit(*this);
    }
    value_type await_resume() {
        if (thrown_) {
            std::rethrow_exception(thrown_);
        }
        if constexpr (!std::is_void_v<value_type>) {
            return std::move(*value_);
        }
    }

    // A call that a thread makes cannot be interrupted: the request is seen by what comes next.
    void request_stop() noexcept override {}
    std::size_t describe(char* into, std::size_t room) const noexcept override {
        return std::string_view("offloaded call").copy(into, room);
    }

private:
    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<value_type>) {
                call_();
            } else {
                value_.emplace(call_());
            }
        } catch (...) {
            thrown_ = std::current_exception();
        }
    }
    void finished() noexcept override { here_.post(*this); }
    void deliver() noexcept override {
        --here_.jobs_out_;
        out_ = false;
        flow_->waiting_in = nullptr;
        here_.make_ready(waiter_);
    }

    shard& here_;
    F call_;
    strand* flow_ = nullptr;
    resumable waiter_;
    bool out_ = false;
    std::optional<std::conditional_t<std::is_void_v<value_type>, std::monostate, value_type>>
        value_;
    std::exception_ptr thrown_;
};

// `call()` runs on one of at most options.blocking_threads_max threads; what it returns or throws
// comes back here. Resumes from the loop. It touches nothing of the shard. A stop request does not
// interrupt it. A callable given as an lvalue must outlive the await.
template <class F>
[[nodiscard]] auto offload(shard& here, F&& call) {
    static_assert(detail::safe_in_co_await<F>,
                  "name the callable first: g++ 12 destroys a temporary with captures that own "
                  "something twice");
    return offload_awaiter<F>(here, std::forward<F>(call));
}

}  // namespace pelton
