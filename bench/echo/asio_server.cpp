#include <pelton/bench/echo/server.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#if __has_include(<asio.hpp>)
// Asio up to 1.22 looks for clang's coroutines in <experimental/coroutine> only.
#ifndef ASIO_HAS_CO_AWAIT
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif
#include <asio.hpp>

#include <array>
#include <vector>

namespace pelton::bench::echo {
namespace {

using executor = asio::io_context::executor_type;
using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using token = asio::use_awaitable_t<executor>;

asio::awaitable<void, executor> session(socket client, std::size_t bytes) {
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

asio::awaitable<void, executor> listen(asio::io_context& context, acceptor door,
                                       std::size_t bytes) {
    for (;;) {
        socket client = co_await door.async_accept(token{});
        client.set_option(asio::ip::tcp::no_delay(true));
        asio::co_spawn(context, session(std::move(client), bytes), asio::detached);
    }
}

}  // namespace

bool asio_is_built_in() {
    return true;
}

void serve_asio(const serving& s) {
    asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
    acceptor door(context, asio::ip::tcp::v4(), listen_somewhere(s));
    asio::co_spawn(context,
                   listen(context, std::move(door), std::max<std::size_t>(s.request_bytes, 256)),
                   asio::detached);
    context.run();
}

}  // namespace pelton::bench::echo
#else
namespace pelton::bench::echo {

bool asio_is_built_in() {
    return false;
}
void serve_asio(const serving&) {
    fatal("this program was built without Asio");
}

}  // namespace pelton::bench::echo
#endif
