// Several tasks at once, on strands of their own, until all have ended.
//
//   auto [head, tail] = co_await pelton::when_all(read(0), read(end));
#pragma once

#include <pelton/runtime/task/scope.hpp>

#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace pelton {

namespace detail {

template <class T>
using value_or_unit = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
flow run_into(flow_group& group, task<T> one, std::optional<value_or_unit<T>>& into) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(one);
            into.emplace();
        } else {
            into.emplace(co_await std::move(one));
        }
    } catch (...) {
        group.failed(std::current_exception());
    }
}

template <class... T>
task<std::tuple<value_or_unit<T>...>> run_all(task<T>... each) {
    auto& here = co_await current_strand();
    flow_group group(here);
    std::tuple<std::optional<value_or_unit<T>>...> values;
    std::apply(
        [&](auto&... into) { (group.start(run_into(group, std::move(each), into), "all"), ...); },
        values);
    co_await group.join();
    rethrow_or_throw(group);
    co_return std::apply(
        [](auto&... value) { return std::tuple<value_or_unit<T>...>(std::move(*value)...); },
        values);
}

}  // namespace detail

// Yields a tuple of what each yields, in the order given; void becomes std::monostate. Errors
// inside results are the caller's to look at. An exception asks the others to stop, waits, and is
// rethrown.
template <class... T>
[[nodiscard]] task<std::tuple<detail::value_or_unit<T>...>> when_all(task<T>... each) {
    return detail::run_all(std::move(each)...);
}

// The same for any number of tasks of one type.
template <class T>
[[nodiscard]] task<std::vector<detail::value_or_unit<T>>> when_all(std::vector<task<T>> each) {
    auto& here = co_await current_strand();
    flow_group group(here);
    std::vector<std::optional<detail::value_or_unit<T>>> values(each.size());
    for (std::size_t i = 0; i < each.size(); ++i) {
        group.start(detail::run_into(group, std::move(each[i]), values[i]), "all");
    }
    co_await group.join();
    detail::rethrow_or_throw(group);
    std::vector<detail::value_or_unit<T>> all;
    all.reserve(values.size());
    for (auto& value : values) {
        all.push_back(std::move(*value));
    }
    co_return all;
}

}  // namespace pelton
