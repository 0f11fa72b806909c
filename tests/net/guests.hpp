// A listener that serves while its guests are there, each of whom asks and is answered.
#pragma once

#include "connection.hpp"

#include <optional>

namespace pelton::test {

inline task<> answer(tcp_stream client) {
    if (auto got = co_await client.receive(); got && !got->empty()) {
        const auto sent = co_await client.send_all(*got);
        CHECK(sent);
    }
}

inline task<> ask(tcp_stream& stream) {
    const auto sent = co_await stream.send_all(areas::for_write("?"));
    CHECK(sent);
    const auto got = co_await stream.receive();
    CHECK(got.value().size() == 1);
}

// Serves while `guests(where)` runs, and stops when it has ended. What serve() ended with.
template <class Guests>
task<result<void>> serve_while(shard& here, Guests& guests) {
    auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
    const auto where = door.local().value();
    std::optional<result<void>> ended;
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> { ended = co_await door.serve(kids, answer); });
        co_await guests(where);
        kids.request_stop();
    };
    co_await scope(body);
    CHECK(here.lasting().used() == 0);
    co_return *ended;
}

}  // namespace pelton::test
