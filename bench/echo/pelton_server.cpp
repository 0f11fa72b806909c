#include <pelton/bench/echo/server.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>

#include <algorithm>

namespace pelton::bench::echo {
namespace {

task<> session(shard& here, tcp_stream client, std::size_t page_count) {
    if (!client.set_no_delay(true)) co_return;
    auto pages = co_await here.pages().take(page_count);
    if (!pages) co_return;
    for (;;) {
        const auto got = co_await client.receive(*pages);
        if (!got || *got == 0) co_return;
        const auto sent = co_await client.send_all(pages->first(*got));
        if (!sent) co_return;
    }
}

task<result<void>> listen(shard& here, const serving& s) {
    auto door = tcp_listener::bind(here, endpoint::loopback(0));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());
    s.announce(where->port());
    const std::size_t page_count =
        (s.request_bytes + arena::page_bytes() - 1) / arena::page_bytes();
    auto handler = [&here, page_count](tcp_stream client) {
        return session(here, std::move(client), page_count);
    };
    auto body = [&](children& kids) -> task<result<void>> {
        co_return co_await door->serve(kids, handler);
    };
    co_return co_await scope(body);
}

}  // namespace

void serve_pelton(const serving& s) {
    options with;
    with.page_bytes = std::max<std::size_t>(16U << 20, s.connections * 2 * s.request_bytes);
    with.ring.sq_entries = 1024;
    run(with, [&](shard& here) { return listen(here, s); });
}

}  // namespace pelton::bench::echo
