// Several tasks at once, on strands of their own, until the first has ended.
//
//   const auto first = co_await pelton::when_any(ask(one_server), ask(other_server));
//   use(first.index, first.value);
//
// The others are then asked to stop, and awaited: when it resumes, none of them runs.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace pelton {

// `late` holds what the others yielded although they were asked to stop (bytes may have come all
// the same); the winner's place, and that of a task that threw, is empty.
template <class Value, class Late>
struct first_ended {
    first_ended(std::size_t winner, Value taken, Late others)
        : index(winner), value(std::move(taken)), late(std::move(others)) {}

    std::size_t index;
    Value value;
    Late late;
};

namespace detail {

// One type when all are the same, else a variant whose index is the winner's.
template <class... T>
using value_of_any =
    std::conditional_t<(std::is_same_v<T, std::tuple_element_t<0, std::tuple<T...>>> && ...),
                       std::tuple_element_t<0, std::tuple<T...>>, std::variant<T...>>;

class race {
public:
    explicit race(strand& waiter) noexcept : group_(waiter) {}
    flow_group& group() noexcept { return group_; }

    // True for the one that ended first; the others are asked to stop.
    bool finish(std::size_t index) noexcept {
        if (winner_ != nobody) {
            return false;
        }
        winner_ = index;
        group_.request_stop();
        return true;
    }
    std::size_t winner() const noexcept { return winner_; }

private:
    static constexpr std::size_t nobody = SIZE_MAX;

    flow_group group_;
    std::size_t winner_ = nobody;
};

template <class T>
flow run_racer(race& all, std::size_t index, task<T> one, std::optional<value_or_unit<T>>& into) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(one);
            into.emplace();
        } else {
            into.emplace(co_await std::move(one));
        }
        all.finish(index);
    } catch (...) {
        if (all.finish(index)) {
            all.group().failed(std::current_exception());
        }
    }
}

template <class Value, std::size_t Index = 0, class Tuple>
Value take_winner(std::size_t winner, Tuple& values) {
    if constexpr (Index + 1 < std::tuple_size_v<Tuple>) {
        if (winner != Index) {
            return take_winner<Value, Index + 1>(winner, values);
        }
    }
    auto& slot = std::get<Index>(values);
    auto taken = std::move(*slot);
    slot.reset();
    if constexpr (std::is_same_v<Value, decltype(taken)>) {
        return taken;
    } else {
        return Value(std::in_place_index<Index>, std::move(taken));
    }
}

}  // namespace detail

// Yields which ended first and with what: its value, a result's error included; one type when all
// yield the same, else a variant; void becomes std::monostate. An exception of the first is
// rethrown once the others have ended, those of the others are dropped. A stop request goes to all.
template <class... T>
    requires(sizeof...(T) > 0)
[[nodiscard]] task<first_ended<detail::value_of_any<detail::value_or_unit<T>...>,
                               std::tuple<std::optional<detail::value_or_unit<T>>...>>>
when_any(task<T>... each) {
    using value_type = detail::value_of_any<detail::value_or_unit<T>...>;
    using late_type = std::tuple<std::optional<detail::value_or_unit<T>>...>;
    auto& here = co_await current_strand();
    detail::race all(here);
    late_type values;
    std::size_t next = 0;
    std::apply(
        [&](auto&... into) {
            (all.group().start(detail::run_racer(all, next++, std::move(each), into), "any"), ...);
        },
        values);
    co_await all.group().join();
    detail::rethrow_or_throw(all.group());
    auto value = detail::take_winner<value_type>(all.winner(), values);
    co_return first_ended<value_type, late_type>(all.winner(), std::move(value), std::move(values));
}

// The same for any number of tasks of one type, at least one.
template <class T>
[[nodiscard]] task<
    first_ended<detail::value_or_unit<T>, std::vector<std::optional<detail::value_or_unit<T>>>>>
when_any(std::vector<task<T>> each) {
    using value_type = detail::value_or_unit<T>;
    using late_type = std::vector<std::optional<value_type>>;
    check(!each.empty(), "when_any of no tasks would never end");
    auto& here = co_await current_strand();
    detail::race all(here);
    late_type values(each.size());
    for (std::size_t i = 0; i < each.size(); ++i) {
        all.group().start(detail::run_racer(all, i, std::move(each[i]), values[i]), "any");
    }
    co_await all.group().join();
    detail::rethrow_or_throw(all.group());
    auto value = std::move(*values[all.winner()]);
    values[all.winner()].reset();
    co_return first_ended<value_type, late_type>(all.winner(), std::move(value), std::move(values));
}

}  // namespace pelton
