// A task that SIGINT and SIGTERM ask to stop: what run() does when options.stop_on_signals is set.
#pragma once

#include <pelton/runtime/op/signals.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace pelton {

namespace detail {

// SIGINT and SIGTERM, each heard once: the second of one kind has its default action.
class quit_signals : public signals {
public:
    explicit quit_signals(shard& here);
};

flow watch_quit(flow_group& group, quit_signals& quit, int& caught);

template <class T>
flow run_until_quit(flow_group& group, task<T>& one, std::optional<value_or_unit<T>>& into) {
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
    group.request_stop();  // of the watch
}

}  // namespace detail

// Runs `one`; the first SIGINT or SIGTERM asks it to stop, and `caught` is its number. The next of
// the same kind has its default action, so a task that does not end can still be ended. A signal
// that was ignored when the process started stays so. Yields or throws what the task does. Throws
// std::system_error when there is no descriptor. `caught` must outlive the await.
template <class T>
[[nodiscard]] task<T> stop_on_signals(shard& here, task<T> one, int& caught) {
    detail::quit_signals quit(here);
    flow_group group(co_await current_strand());
    std::optional<detail::value_or_unit<T>> value;
    group.start(detail::run_until_quit<T>(group, one, value), "main");
    group.start(detail::watch_quit(group, quit, caught), "signals");
    co_await group.join();
    detail::rethrow_or_throw(group);
    if constexpr (!std::is_void_v<T>) {
        co_return std::move(*value);
    }
}

}  // namespace pelton
