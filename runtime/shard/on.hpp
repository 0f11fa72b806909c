// co_await pelton::on(there, fn): fn runs on another shard, its value comes back.
//
//   auto count = [&](pelton::shard& there) { return count_words(there, name); };
//   auto words = co_await pelton::on(here.peer(1), count);
//
// A task never changes shard: fn is called there, its task's frame is made and ends there, and the
// caller goes on where it was, from its loop.
#pragma once

#include <pelton/runtime/shard/invocation.hpp>
#include <pelton/runtime/shard/remote_call.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cerrno>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace pelton {

namespace detail {

template <class T>
class call_for;

template <class T>
flow run_there(call_for<T>& call);

// A call by what it yields: the flow that runs there need not know the callable.
template <class T>
class call_for : public remote_call {
public:
    bool await_ready() const noexcept { return false; }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        begin(waiter, *waiter.promise().on_strand());
    }
    T await_resume() {
        if (thrown_) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
        if constexpr (!std::is_void_v<T>) {
            return std::move(*value_);
        }
    }

protected:
    using remote_call::remote_call;
    ~call_for() = default;

    virtual task<T> invoke() = 0;

private:
    friend flow run_there<T>(call_for<T>& call);
    flow body() final { return run_there<T>(*this); }
    bool refuse() noexcept final {
        if constexpr (is_result<T>) {
            value_.emplace(failure(ECANCELED));
            return true;
        } else {
            return false;
        }
    }

    std::optional<unit_for_void<T>> value_;
    std::exception_ptr thrown_;
};

template <class T>
flow run_there(call_for<T>& call) {
    call.arrived(co_await current_strand());
    try {
        if constexpr (std::is_void_v<T>) {
            co_await call.invoke();
        } else {
            call.value_.emplace(co_await call.invoke());
        }
    } catch (...) {
        call.thrown_ = std::current_exception();
    }
    call.done();
}

}  // namespace detail

template <class F>
class [[nodiscard]] on_awaiter final
    : public detail::call_for<detail::yielded<std::remove_reference_t<F>>> {
public:
    using value_type = detail::yielded<std::remove_reference_t<F>>;

    template <class G>
    on_awaiter(shard& there, G&& fn, const char* name)
        : detail::call_for<value_type>(there, name), fn_(std::forward<G>(fn)) {}

private:
    task<value_type> invoke() override { return detail::invoke_on(fn_, this->there()); }

    F fn_;
};

// `fn(shard&)` or `fn()` returns a task, which runs on `there`, a shard of the same run() or this
// one, on a strand of its own that dump() there calls `name`, a literal. The call yields what the
// task does and rethrows what it throws. Resumes from the caller's loop.
//
// Waits for a place while options.mailbox_places calls from this shard lie undelivered there. A
// stop request reaches the task, wherever it is by then, and the call still waits for it: it yields
// the task's own outcome. Only a call that was not sent yet does not run, and yields ECANCELED, if
// what it yields is a result; any other runs, asked to stop from its start.
//
// What `fn` refers to is used on another thread while the caller waits. A callable given as an
// lvalue must outlive the await.
template <class F>
[[nodiscard]] auto on(shard& there, F&& fn, const char* name = "call") {
    static_assert(detail::is_task<detail::invoked<std::remove_reference_t<F>>>,
                  "on() takes a callable that returns a task; offload() is for blocking calls");
    static_assert(detail::safe_in_co_await<F>,
                  "name the callable first: g++ 12 destroys a temporary with captures that own "
                  "something twice");
    return on_awaiter<F>(there, std::forward<F>(fn), name);
}

}  // namespace pelton
