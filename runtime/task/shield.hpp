// Hides stop requests from what must run to its end, such as putting things back.
//
//   co_await pelton::shield(journal.write_all_at(at, record));
//
// The waiter resumes when it has ended, as without the shield: an operation's from the loop, a
// task's when the task ends.
#pragma once

#include <pelton/runtime/task/inner_strand.hpp>

#include <coroutine>
#include <type_traits>

namespace pelton {

template <class Awaited>
class [[nodiscard]] shield_awaiter final : public inner_strand<Awaited> {
    using base = inner_strand<Awaited>;

public:
    explicit shield_awaiter(Awaited& one) noexcept : base(one) {}

    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return base::start(waiter, false);
    }
    typename base::yielded await_resume() {
        base::left();
        return base::take();
    }

    void request_stop() noexcept override {}
};

// Awaits an operation or a task that no stop request reaches, one made before included: the strand
// around it is stopped as before once it goes on. Inside, children::request_stop() and deadlines
// work as ever. Costs no frame. Await it in the expression that makes it: it refers to the
// operation. A task is moved in.
template <class Awaited>
[[nodiscard]] shield_awaiter<std::remove_cvref_t<Awaited>> shield(Awaited&& one) noexcept {
    static_assert(
        !detail::is_task<std::remove_cvref_t<Awaited>> || !std::is_lvalue_reference_v<Awaited>,
        "a task is awaited once: std::move it into shield()");
    return shield_awaiter<std::remove_cvref_t<Awaited>>(one);
}

}  // namespace pelton
