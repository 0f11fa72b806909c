// The echo server by Asio: coroutines, single-threaded, locks off, executors not type-erased.
//
// What Asio's types are depends on the macros that choose epoll or io_uring, so no program may
// include this with both choices.
#pragma once

// Asio up to 1.22 looks for clang's coroutines in <experimental/coroutine> only.
#ifndef ASIO_HAS_CO_AWAIT
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif
#include <asio.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace pelton::bench::echo {

namespace asio_detail {

using executor = asio::io_context::executor_type;
using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using token = asio::use_awaitable_t<executor>;

inline asio::awaitable<void, executor> session(socket client, std::size_t bytes) {
    std::vector<std::byte> buffer(bytes);
    try {
        for (;;) {
            const std::size_t got = co_await client.async_read_some(asio::buffer(buffer), token{});
            co_await asio::async_write(client, asio::buffer(buffer.data(), got), token{});
        }
    } catch (const asio::system_error&) {
        // The client has gone: that is how a session ends.
    }
}

inline asio::awaitable<void, executor> listen(asio::io_context& context, acceptor door,
                                              std::size_t bytes) {
    for (;;) {
        socket client = co_await door.async_accept(token{});
        client.set_option(asio::ip::tcp::no_delay(true));
        asio::co_spawn(context, session(std::move(client), bytes), asio::detached);
    }
}

}  // namespace asio_detail

// Serves the connections of a listening socket for ever.
inline void run_asio(int listener, std::size_t request_bytes) {
    asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
    asio_detail::acceptor door(context, asio::ip::tcp::v4(), listener);
    asio::co_spawn(
        context,
        asio_detail::listen(context, std::move(door), std::max<std::size_t>(request_bytes, 256)),
        asio::detached);
    context.run();
}

}  // namespace pelton::bench::echo
