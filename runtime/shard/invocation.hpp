// What may be given to on() and post(): fn(shard&) or fn(), and what it yields there.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <type_traits>
#include <variant>

namespace pelton {

class shard;

namespace detail {

template <class F>
decltype(auto) invoke_on(F& fn, shard& there) {
    if constexpr (std::is_invocable_v<F&, shard&>) {
        return fn(there);
    } else {
        return fn();
    }
}

template <class F>
using invoked = decltype(invoke_on(std::declval<F&>(), std::declval<shard&>()));

template <class T>
struct value_of_task {
    using type = T;
};
template <class T>
struct value_of_task<task<T>> {
    using type = T;
};
// What the task that fn returns yields, or what fn returns itself.
template <class F>
using yielded = typename value_of_task<std::remove_cvref_t<invoked<F>>>::type;

template <class T>
using unit_for_void = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
using as_result = std::conditional_t<is_result<T>, T, result<T>>;

}  // namespace detail
}  // namespace pelton
