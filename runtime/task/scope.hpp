// Children that must end before the scope does.
//
//   co_return co_await pelton::scope([&](pelton::children& kids) ->
//   pelton::task<pelton::result<void>> {
//       for (auto& part : parts) kids.spawn([&part] { return copy(part); });
//       co_return pelton::result<void>{};
//   });
//
// The scope ends when the body and every child have. The first exception or error among them asks
// the others to stop, waits for all, and is then rethrown or returned. A stop request to the strand
// that awaits the scope goes to the body and every child.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/flow.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace pelton {

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

// Why a callable may not be a temporary with a destructor that does something: g++ 12 destroys such
// a temporary twice when it is part of a co_await expression.
template <class F>
inline constexpr bool safe_in_co_await =
    std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<F>;

// Runs `callable` as a flow and tells the group how it ended. The callable lives in this frame, so
// a capturing lambda that is a coroutine outlives its own.
template <class F>
flow run_child(flow_group& group, F callable) {
    try {
        using value = typename std::invoke_result_t<F&>::value_type;
        if constexpr (is_result<value>) {
            auto ended = co_await callable();
            if (!ended) {
                group.failed(ended.error());
            }
        } else {
            co_await callable();
        }
    } catch (...) {
        group.failed(std::current_exception());
    }
}

}  // namespace detail

class children {
public:
    explicit children(flow_group& group) noexcept : group_(group) {}

    // Starts `callable()`, which returns a task<void> or a task<result<T>>, as a strand of its own.
    // The callable is moved into the child's frame; what it refers to must outlive the scope. The
    // child first runs when this strand next suspends. Its value is dropped, its error is not.
    template <class F>
    void spawn(F&& callable, const char* name = "child") {
        static_assert(detail::is_task<std::invoke_result_t<std::decay_t<F>&>>,
                      "spawn takes a callable that returns a task");
        group_.start(detail::run_child<std::decay_t<F>>(group_, std::forward<F>(callable)), name);
    }

    // Asks the body and every child to stop.
    void request_stop() noexcept { group_.request_stop(); }

    // Children that have not ended, the body included.
    std::size_t running() const noexcept { return group_.running(); }

private:
    flow_group& group_;
};

namespace detail {

template <class Value, class F>
flow run_body(flow_group& group, children& kids, std::remove_reference_t<F>& body,
              std::optional<Value>& value) {
    try {
        value.emplace(co_await body(kids));
        if constexpr (is_result<Value>) {
            if (!*value) {
                group.failed(value->error());
            }
        }
    } catch (...) {
        group.failed(std::current_exception());
    }
}

template <class F>
flow run_void_body(flow_group& group, children& kids, std::remove_reference_t<F>& body) {
    try {
        co_await body(kids);
    } catch (...) {
        group.failed(std::current_exception());
    }
}

inline void rethrow_or_throw(const flow_group& group) {
    if (group.thrown()) {
        std::rethrow_exception(group.thrown());
    }
    if (group.error()) {
        throw std::system_error(group.error(), "a task of this scope failed");
    }
}

template <class F>
auto run_scope(F body) -> std::invoke_result_t<std::remove_reference_t<F>&, children&> {
    using value_type =
        typename std::invoke_result_t<std::remove_reference_t<F>&, children&>::value_type;
    auto& here = co_await current_strand();
    flow_group group(here);
    children kids(group);
    if constexpr (std::is_void_v<value_type>) {
        group.start(run_void_body<F>(group, kids, body), "scope");
        co_await group.join();
        rethrow_or_throw(group);
    } else {
        std::optional<value_type> value;
        group.start(run_body<value_type, F>(group, kids, body, value), "scope");
        co_await group.join();
        if constexpr (is_result<value_type>) {
            if (!group.thrown() && group.error()) {
                co_return std::unexpected(group.error());
            }
        }
        rethrow_or_throw(group);
        co_return std::move(*value);
    }
}

}  // namespace detail

// `body(children&)` returns a task; the scope yields what it yields. A child's error becomes the
// scope's error if that is a result, and a std::system_error otherwise. A body given as an lvalue
// must outlive the scope.
template <class F>
[[nodiscard]] auto scope(F&& body) {
    static_assert(detail::safe_in_co_await<F>,
                  "name the body first: g++ 12 destroys a temporary with captures that own "
                  "something twice");
    return detail::run_scope<F>(std::forward<F>(body));
}

}  // namespace pelton
