// What the tests of a server under abuse share: a server that answers each message of 16 bytes, a
// client that behaves, and the count of what must have come back in the end.
#pragma once

#include "connection.hpp"

#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace pelton::test {

inline constexpr std::size_t message_bytes = 16;
using message_memory = std::array<std::byte, message_bytes>;

// How the server's connections ended.
struct server_log {
    int began = 0;
    int ended = 0;
    int served = 0;   // messages answered
    int broken = 0;   // ended by an error of the connection
    int orderly = 0;  // ended by the peer
    int stopped = 0;  // still there when the server was asked to stop
};

// Answers message by message until the client ends or breaks the connection. Its memory is in its
// frame: a client that waits costs no page.
inline task<> answer_messages(server_log& log, tcp_stream client) {
    ++log.began;
    message_memory memory{};
    for (;;) {
        const auto got = co_await client.receive_exactly(std::span(memory));
        if (!got) {
            ++(got.error() == end_of_stream()                 ? log.orderly
               : got.error() == std::errc::operation_canceled ? log.stopped
                                                              : log.broken);
            break;
        }
        const auto sent = co_await client.send_all(std::span(memory));
        if (!sent) {
            ++(sent.error() == std::errc::operation_canceled ? log.stopped : log.broken);
            break;
        }
        ++log.served;
    }
    ++log.ended;
}

// One message there and back.
inline task<> exchange(tcp_stream& stream, int number) {
    message_memory memory{};
    std::memcpy(memory.data(), &number, sizeof(number));
    const auto wanted = memory;
    const auto sent = co_await stream.send_all(std::span(memory));
    REQUIRE(sent);
    memory.fill(std::byte{});
    const auto got = co_await stream.receive_exactly(std::span(memory));
    REQUIRE(got);
    CHECK(memory == wanted);
}

// A client that behaves is served.
inline task<> is_served(shard& here, endpoint where, int messages = 10) {
    auto stream = co_await tcp_stream::connect(here, where);
    REQUIRE(stream);
    for (int i = 0; i < messages; ++i) {
        co_await exchange(*stream, i);
    }
}

// Lets everything that is ready run until `done()`. A server that never gets there is found by the
// test's time limit.
template <class Done>
task<> until(Done& done) {
    while (!done()) {
        static_cast<void>(co_await sleep(std::chrono::milliseconds(1)));
    }
}

// Serves with `handler` while `abuse(where)` runs; afterwards a good client is served, and once
// everybody has gone the server holds what it held before.
template <class Handler, class Abuse>
task<> serve_under(shard& here, tcp_listener& door, Handler& handler, Abuse& abuse) {
    const auto where = door.local().value();
    const auto descriptors = open_descriptors();
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&] { return door.serve(kids, handler); });
        co_await is_served(here, where);
        co_await abuse(where);
        co_await is_served(here, where);
        kids.request_stop();
    };
    co_await scope(body);
    CHECK(open_descriptors() == descriptors);
    CHECK(pages_out(here) == 0);
}

}  // namespace pelton::test
