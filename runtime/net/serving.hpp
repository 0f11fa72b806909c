// Accepting, once and again and again: what listeners of every kind do with an accept that failed,
// and with a connection that came.
#pragma once

#include <pelton/runtime/net/accept_patience.hpp>
#include <pelton/runtime/net/stream_socket.hpp>
#include <pelton/runtime/op/accept.hpp>
#include <pelton/runtime/op/connections.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace pelton {

// Yields the next connection. Resumes when there is one.
template <class Stream>
class accept_awaiter final : public accept_operation<accept_awaiter<Stream>, Stream> {
public:
    accept_awaiter(shard& here, target& on, stream_options streams) noexcept
        : accept_operation<accept_awaiter, Stream>(here, on), streams_(streams) {}

    result<Stream> decode(std::int32_t outcome) const noexcept {
        return Stream(this->here(), outcome, streams_);
    }

private:
    stream_options streams_;
};

// The multishot accept of a serve(), if there is one.
struct accepting {
    accepting(shard& here, const target& on) noexcept;
    accepting(const accepting&) = delete;
    accepting& operator=(const accepting&) = delete;
    ~accepting();

    // Once it resumes the kernel does not name the listener any more.
    last_connection end() const noexcept;

    connections* source = nullptr;
};

// The next connection: of `coming`, or by an accept of its own where that is null.
template <class Stream>
task<result<Stream>> accept_next(shard& here, target& on, stream_options streams,
                                 connections* coming) {
    if (coming == nullptr) {
        co_return co_await accept_awaiter<Stream>(here, on, streams);
    }
    const auto came = co_await next_connection(*coming);
    if (!came) {
        co_return std::unexpected(came.error());
    }
    co_return Stream(here, *came, streams);
}

// As accept_next(), but one that failed before it was accepted is passed over; while descriptors or
// memory are missing it pauses, and the shard's error hook hears of it once.
template <class Stream>
task<result<Stream>> accept_patiently(shard& here, target& on, stream_options streams,
                                      connections* coming, accept_patience& patience) {
    for (;;) {
        auto client = co_await accept_next<Stream>(here, on, streams, coming);
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

// Each connection becomes a child that runs `handler(Stream)`, until a stop is asked for, which is
// no error, or the listener is broken. Meanwhile `on` counts one use. Throws std::system_error when
// there is no descriptor for the shard's doorbell.
template <class Stream, class Handler>
task<result<void>> serve_connections(shard& here, target& on, stream_options streams,
                                     children& kids, Handler handler) {
    // Now, not when a connection first takes pages: that may find no descriptor left for it, and
    // what it throws then ends them all.
    here.open_door();
    const target::use counted(on);
    const accepting coming(here, on);
    accept_patience patience;
    for (;;) {
        auto client = co_await accept_patiently<Stream>(here, on, streams, coming.source, patience);
        if (!client) {
            co_await coming.end();
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
