#include "abuse_fixture.hpp"

#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

TEST_CASE("clients that connect and send nothing keep nobody else from being served") {
    on_shard([](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        server_log log;
        constexpr int silent = 300;
        const auto handler = [&log](tcp_stream client) {
            return answer_messages(log, std::move(client));
        };
        const auto abuse = [&](endpoint where) -> task<> {
            std::vector<tcp_stream> idle;
            for (int i = 0; i < silent; ++i) {
                auto made = co_await tcp_stream::connect(here, where);
                idle.push_back(std::move(made.value()));
            }
            co_await is_served(here, where, 100);
            CHECK(log.began == silent + 2);
            CHECK(log.ended <= 2);
            CHECK(pages_out(here) == 0);
            co_await exchange(idle.back(), 7);  // none of them was given up
            idle.clear();
            const auto all_ended = [&] { return log.ended == silent + 2; };
            co_await until(all_ended);
        };
        co_await serve_under(here, door, handler, abuse);
        CHECK(log.broken == 0);
    });
}

TEST_CASE("clients that send a byte at a time are served, each message when it is whole") {
    on_shard([](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        server_log log;
        const auto handler = [&log](tcp_stream client) {
            return answer_messages(log, std::move(client));
        };
        const auto trickle = [&](endpoint where) -> task<> {
            auto made = co_await tcp_stream::connect(here, where);
            auto& stream = made.value();
            REQUIRE(stream.set_no_delay(true));
            message_memory memory{};
            memory.fill(std::byte{5});
            for (auto& each : memory) {
                const auto sent = co_await stream.send_all(std::span(&each, 1));
                CHECK(sent);
                static_cast<void>(co_await sleep(1ms));
            }
            const auto got = co_await stream.receive_exactly(std::span(memory));
            CHECK(got);
            // And half a message, which is never answered.
            const auto half_sent = co_await stream.send_all(std::span(memory).first(8));
            CHECK(half_sent);
        };
        const auto abuse = [&](endpoint where) -> task<> {
            const auto body = [&](children& kids) -> task<> {
                for (int i = 0; i < 20; ++i) {
                    kids.spawn([&, where] { return trickle(where); });
                }
                co_await is_served(here, where, 100);
            };
            co_await scope(body);
        };
        co_await serve_under(here, door, handler, abuse);
        CHECK(log.served == 20 + 10 + 100 + 10);
    });
}

namespace {

// Sends pages for ever, each from a lease of its own; how many bytes the kernel took.
task<> pour(shard& here, std::size_t& poured, int& pouring, tcp_stream client) {
    message_memory first{};
    const auto asked = co_await client.receive_exactly(std::span(first));
    if (!asked) {
        co_return;
    }
    if (first[0] != std::byte{'P'}) {
        const auto sent = co_await client.send_all(std::span(first));
        CHECK(sent);
        co_return;
    }
    ++pouring;
    for (;;) {
        auto pages = co_await here.pages().take(1);
        REQUIRE(pages);
        std::size_t moved = 0;
        const auto sent = co_await client.send_all(*pages, &moved);
        poured += moved;
        if (!sent) {
            break;
        }
    }
    --pouring;
}

task<> one_message(shard& here, endpoint where) {
    auto made = co_await tcp_stream::connect(here, where);
    REQUIRE(made);
    co_await exchange(*made, 3);
}

}  // namespace

TEST_CASE("a client that never reads holds its sender back, which keeps one page and no more") {
    on_shard([](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto send_room = door.options().set_send_buffer(32'768).value();
        const auto descriptors = open_descriptors();
        constexpr int deaf = 5;
        std::size_t poured = 0;
        int pouring = 0;
        const auto handler = [&](tcp_stream client) {
            return pour(here, poured, pouring, std::move(client));
        };
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&] { return door.serve(kids, handler); });
            const auto where = door.local().value();
            std::vector<tcp_stream> clients;
            std::size_t receive_room = 0;
            for (int i = 0; i < deaf; ++i) {
                const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                const tcp_options of(here, made);
                receive_room = of.set_receive_buffer(32'768).value();
                REQUIRE(::connect(made, where.address(), where.bytes()) == 0);
                clients.emplace_back(here, made, stream_options());
                message_memory ask{};
                ask[0] = std::byte{'P'};
                const auto sent = co_await clients.back().send_all(std::span(ask));
                CHECK(sent);
            }
            // Until nothing moves any more, as far as a hundred other exchanges can tell.
            for (std::size_t before = 1; before != poured || pouring != deaf;) {
                before = poured;
                for (int i = 0; i < 100; ++i) {
                    co_await one_message(here, where);
                }
            }
            CHECK(pouring == deaf);
            CHECK(poured > 0);
            CHECK(poured <= deaf * (send_room + receive_room));
            CHECK(pages_out(here) == deaf);
            clients.clear();
            const auto all_broke = [&] { return pouring == 0; };
            co_await until(all_broke);
            CHECK(pages_out(here) == 0);
            co_await one_message(here, where);
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(open_descriptors() == descriptors);
    });
}
