// The front door: run a task on a shard of its own, and exit with what it says.
//
//   int main(int argc, char** argv) {
//       return pelton::run([&](pelton::shard& here) { return cat(here, argv[1]); });
//   }
#pragma once

#include <pelton/runtime/op/stop_on_signals.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace pelton {

struct options : shard_options {
    // The first SIGINT or SIGTERM asks the main task to stop; a second one has its default action.
    // When that ends the task with operation_canceled, the exit code is 128 and the signal's
    // number, as a shell would say it, and nothing is printed.
    bool stop_on_signals = false;

    // Shards, each with a thread, a ring, a loop and pages of its own; main runs on the first,
    // which is the calling thread. 0: as many as the process may use cores.
    unsigned shards = 1;

    // Keeps each shard's thread on a core of its own, as far as there are as many.
    bool pin_to_cores = false;

    // A task that computes for so long without giving way is reported by `notice`, once, from a
    // thread that watches. In nanoseconds; 0: never. Default: 500 ms for several shards, never for
    // one.
    std::optional<std::uint64_t> stall_ns;
};

namespace detail {

// What the main task yielded, as an exit code: an int or a result<int> is the code, an error is one
// line on standard error and 1, anything else is 0.
struct ended_by_signal {
    int number;
};
int exit_code(const std::exception_ptr& thrown) noexcept;
int exit_code(std::error_code error) noexcept;
template <class T>
int exit_code_of(T& value) noexcept {
    if constexpr (is_result<T>) {
        if (!value) {
            return exit_code(value.error());
        }
        if constexpr (std::is_same_v<T, result<int>>) {
            return *value;
        }
        return 0;
    } else if constexpr (std::is_same_v<T, int>) {
        return value;
    } else {
        return 0;
    }
}

// The first strand of a shard: it has no parent to tell.
class root {
public:
    explicit root(shard& here) noexcept : home_(here), group_(outside_) {
        outside_.home = &home_;
        outside_.name = "outside";
    }
    flow_group& group() noexcept { return group_; }
    void run() { home_.run_until(done_); }
    void finish() noexcept { done_ = true; }

private:
    shard& home_;
    strand outside_;
    flow_group group_;
    bool done_ = false;
};

template <class F>
flow run_main(root& outer, shard& here, F& main, int& code) {
    try {
        using value_type = typename std::invoke_result_t<F&, shard&>::value_type;
        if constexpr (std::is_void_v<value_type>) {
            co_await main(here);
            code = 0;
        } else {
            auto value = co_await main(here);
            code = exit_code_of(value);
        }
    } catch (...) {
        code = exit_code(std::current_exception());
    }
    outer.finish();
}

// The task that `main` makes, asked to stop by signals. What they cancelled throws
// ended_by_signal, which is an exit code without a line.
template <class F>
auto stopped_by_signals(shard& here, F& main) -> std::invoke_result_t<F&, shard&> {
    int caught = 0;
    try {
        using value_type = typename std::invoke_result_t<F&, shard&>::value_type;
        if constexpr (std::is_void_v<value_type>) {
            co_await stop_on_signals(here, main(here), caught);
        } else {
            auto value = co_await stop_on_signals(here, main(here), caught);
            if constexpr (is_result<value_type>) {
                if (!value && caught != 0 && value.error() == std::errc::operation_canceled) {
                    throw ended_by_signal{caught};
                }
            }
            co_return value;
        }
    } catch (const std::system_error& error) {
        if (caught != 0 && error.code() == std::errc::operation_canceled) {
            throw ended_by_signal{caught};
        }
        throw;
    }
}

// Runs `start` with the first of the shards made from `with`; what their making throws becomes a
// line and 1.
int run_shards(options with, const std::function<int(shard&)>& start) noexcept;

}  // namespace detail

// Makes a shard on this thread, runs `main(shard&)`, which returns a task, and returns its exit
// code: the int it yields, 0 for a result without error, 1 after one printed line for an error or
// an exception. Returns when the task has ended and nothing is in flight.
//
// With several shards, main finds the others by here.peer(n) and runs tasks there by on(). When it
// has ended, the tasks that others posted are asked to stop and waited for, then the shards end,
// the last one first.
template <class F>
int run(options with, F&& main) {
    const bool stops = with.stop_on_signals;
    return detail::run_shards(std::move(with), [&](shard& here) {
        int code = 1;
        detail::root outer(here);
        auto stoppable = [&](shard& on) { return detail::stopped_by_signals(on, main); };
        outer.group().start(stops ? detail::run_main(outer, here, stoppable, code)
                                  : detail::run_main(outer, here, main, code),
                            "main");
        outer.run();
        return code;
    });
}

template <class F>
int run(F&& main) {
    return run(options{}, std::forward<F>(main));
}

}  // namespace pelton
