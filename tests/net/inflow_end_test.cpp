// Inflows that end early: with their stream, and by stop requests.
#include "inflow.hpp"

#include <pelton/runtime/shard/sleep.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <optional>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a stream that goes while its inflow is in the kernel takes pages and descriptor along") {
    const auto before = open_descriptors();
    for (const char* mask : {"", "close", "sync_cancel", "defer_taskrun"}) {
        CAPTURE(mask);
        on_shard(few_pages(mask), [](shard& here) -> task<> {
            for (int round = 0; round < 40; ++round) {
                auto pair = co_await connected(here);
                const auto sent = co_await pair.client.send_all(areas::for_write("some bytes"));
                CHECK(sent);
                {
                    auto coming = pair.server.inflow();
                    const auto got = co_await coming.next();
                    CHECK(got);
                }
                const auto more = co_await pair.client.send_all(areas::for_write("more bytes"));
                CHECK(more);
                co_await turns(here, round % 3);
                if (round % 2 == 0) {
                    const auto closed = co_await pair.server.close();
                    CHECK(closed);
                } else {
                    const auto gone = std::move(pair.server);
                }
                const auto end = co_await pair.client.receive();
                // The peer sees an end, or a reset since bytes were left unread.
                CHECK((!end || end->empty()));
            }
            co_await turns(here, 5);
            CHECK(pages_out(here) == 0);
            CHECK(here.lasting().used() == 0);
        });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("stop requests race with what an inflow brings, and lose no byte") {
    for (const char* mask : {"", "defer_taskrun", "buffer_ring_incremental", "receive_multishot",
                             "receive_multishot,defer_taskrun", "buffer_ring"}) {
        CAPTURE(mask);
        on_shard(few_pages(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            std::optional<stream_inflow> coming;
            coming.emplace(pair.server);
            std::vector<std::byte> all;
            std::vector<std::byte> sent;
            int stopped = 0;
            for (int round = 0; round < 2'000; ++round) {
                const auto receive = [&]() -> task<> {
                    const auto got = co_await coming->next();
                    if (got) {
                        append(all, *got);
                    } else {
                        CHECK(got.error() == std::errc::operation_canceled);
                        ++stopped;
                    }
                };
                const auto body = [&](children& kids) -> task<> {
                    kids.spawn([&] { return receive(); });
                    co_await turns(here, round % 2);
                    const auto byte = static_cast<std::byte>(round);
                    CHECK(::send(pair.client.descriptor(), &byte, 1, MSG_NOSIGNAL) == 1);
                    sent.push_back(byte);
                    if (round % 3 == 0) {
                        co_await nop(here);
                    }
                    kids.request_stop();
                };
                co_await scope(body);
                if (round % 50 == 0) {
                    coming.reset();
                    coming.emplace(pair.server);
                }
            }
            coming.reset();
            CHECK(pair.client.shutdown(half::sending));
            for (;;) {
                const auto rest = co_await pair.server.receive();
                REQUIRE(rest);
                if (rest->empty()) {
                    break;
                }
                append(all, *rest);
            }
            CHECK(all == sent);
            CHECK(stopped > 0);
        });
    }
}

TEST_CASE(
    "closed by nobody's await, a stream's inflow takes no byte from who has its number next") {
    for (const char* mask : {"", "close"}) {
        CAPTURE(mask);
        on_shard(few_pages(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            static_cast<void>(here.received());
            std::array<int, 2> next{-1, -1};
            const auto leave = [&]() -> task<> {
                {
                    auto coming = pair.server.inflow();
                    const auto got = co_await coming.next();
                    CHECK(got.error() == std::errc::operation_canceled);
                }
                static_cast<void>(pair.server.close());
                REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, next.data()) == 0);
                CHECK(::write(next[1], "abc", 3) == 3);
            };
            const auto body = [&](children& kids) -> task<> {
                kids.spawn(leave);
                static_cast<void>(co_await yield());  // begun, and the kernel has not seen it
                kids.request_stop();
            };
            co_await scope(body);
            co_await turns(here, 5);
            std::array<char, 3> got{};
            CHECK(::recv(next[0], got.data(), got.size(), MSG_DONTWAIT) == 3);
            // The peer sees that it was closed.
            const auto end = co_await pair.client.receive();
            CHECK(end.value().empty());
            ::close(next[0]);
            ::close(next[1]);
        });
    }
}
