// Accepting again and again: what listeners of every kind do with an accept that failed, and with a
// connection that came.
#pragma once

#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <chrono>
#include <utility>

namespace pelton {

// The next connection. One that failed before it was accepted is passed over; while descriptors or
// memory are missing it pauses, and the shard's error hook hears of it once.
template <class Listener>
auto accept_patiently(shard& here, Listener& from, accept_patience& patience)
    -> task<decltype(from.accept().await_resume())> {
    for (;;) {
        auto client = co_await from.accept();
        if (client) {
            patience.succeeded();
            co_return client;
        }
        const auto pause = patience.after(client.error());
        if (!pause) {
            co_return client;
        }
        if (*pause > std::chrono::milliseconds::zero()) {
            if (patience.is_first()) {
                here.report(client.error(),
                            "a listener pauses until descriptors or memory are free again; raise "
                            "ulimit -n (LimitNOFILE=), or serve fewer connections");
            }
            if (const auto slept = co_await sleep(*pause); !slept) {
                co_return std::unexpected(slept.error());
            }
        }
    }
}

// Each connection becomes a child that runs `handler(stream)`, until a stop is asked for, which is
// no error, or the listener is broken.
template <class Listener, class Handler>
task<result<void>> serve_connections(shard& here, Listener& from, children& kids, Handler handler) {
    accept_patience patience;
    for (;;) {
        auto client = co_await accept_patiently(here, from, patience);
        if (!client) {
            if (client.error() == std::errc::operation_canceled) {
                co_return result<void>{};
            }
            co_return std::unexpected(client.error());
        }
        auto child = [handler, stream = std::move(*client)]() mutable {
            return handler(std::move(stream));
        };
        kids.spawn(std::move(child), "connection");
    }
}

}  // namespace pelton
