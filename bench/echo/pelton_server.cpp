#include <pelton/bench/echo/server.hpp>
#include <pelton/runtime/net/stream_inflow.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>

namespace pelton::bench::echo {
namespace {

task<> session(tcp_stream client) {
    if (!client.set_no_delay(true)) co_return;
    client.register_descriptor();  // raw's connections are direct descriptors
    auto coming = client.inflow();
    for (;;) {
        const auto got = co_await coming.next();
        if (!got || got->empty()) co_return;
        const auto sent = co_await client.send_all(*got);
        if (!sent) co_return;
    }
}

task<result<void>> listen(shard& here, const serving& s) {
    auto door = tcp_listener::bind(here, endpoint::loopback(0));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());
    s.announce(where->port());
    auto body = [&](children& kids) -> task<result<void>> {
        co_return co_await door->serve(kids, session);
    };
    co_return co_await scope(body);
}

}  // namespace

void serve_pelton_without(const feature_set& masked, const serving& s) {
    options with;
    with.ring.masked = masked;
    with.ring.sq_entries = 1024;
    run(with, [&](shard& here) { return listen(here, s); });
}

void serve_pelton(const serving& s) {
    serve_pelton_without({}, s);
}

}  // namespace pelton::bench::echo
