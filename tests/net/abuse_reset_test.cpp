#include "abuse_fixture.hpp"

#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

// Connects, sends so many bytes, and resets the connection.
task<> reset_after(shard& here, endpoint where, std::size_t bytes) {
    auto made = co_await tcp_stream::connect(here, where);
    REQUIRE(made);
    REQUIRE(made->options().set_linger(0s));
    const std::vector<std::byte> data(bytes);
    const auto sent = co_await made->send_all(areas::for_write(data));
    CHECK(sent);
    const auto closed = co_await made->close();
    CHECK(closed);
}

}  // namespace

TEST_CASE("connections that are reset before, in and between messages end alone") {
    int reports = 0;
    auto with = quiet();
    with.error = [&](std::error_code, std::string_view) { ++reports; };
    on_shard(std::move(with), [](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        server_log log;
        const auto handler = [&log](tcp_stream client) {
            return answer_messages(log, std::move(client));
        };
        const auto abuse = [&](endpoint where) -> task<> {
            for (int round = 0; round < 50; ++round) {
                for (const std::size_t bytes : {0U, 1U, 15U, 16U, 17U, 4000U}) {
                    co_await reset_after(here, where, bytes);
                }
                co_await is_served(here, where, 1);
            }
        };
        co_await serve_under(here, door, handler, abuse);
        // A connection that was reset in the backlog was still accepted, and met its end then.
        CHECK(log.began == 50 * 7 + 2);
        CHECK(log.ended == log.began);
        CHECK(log.broken > 0);
    });
    CHECK(reports == 0);
}

TEST_CASE("a reset that meets leases on their way out brings their pages home") {
    on_shard([](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        int broken = 0;
        const auto echo = [&](tcp_stream client) -> task<> {
            return [](int& count, tcp_stream stream) -> task<> {
                for (;;) {
                    auto got = co_await stream.receive();
                    if (!got || got->empty()) {
                        count += got ? 0 : 1;
                        co_return;
                    }
                    const auto sent = co_await stream.send_all(*got);
                    if (!sent) {
                        ++count;
                        co_return;
                    }
                }
            }(broken, std::move(client));
        };
        const auto abuse = [&](endpoint where) -> task<> {
            constexpr std::size_t burst = 1'000'000;
            for (int round = 0; round < 20; ++round) {
                // It never reads, so the echo stands in the middle of a send when it is reset.
                auto made = co_await tcp_stream::connect(here, where);
                REQUIRE(made->options().set_linger(0s));
                const std::vector<std::byte> data(burst);
                const auto body = [&](children& kids) -> task<> {
                    kids.spawn([&]() -> task<> {
                        static_cast<void>(co_await made->send_all(areas::for_write(data)));
                    });
                    for (int i = 0; i < 50; ++i) {
                        co_await nop(here);
                    }
                    kids.request_stop();
                };
                co_await scope(body);
                const auto closed = co_await made->close();
                CHECK(closed);
            }
        };
        co_await serve_under(here, door, echo, abuse);
        CHECK(broken > 0);
    });
}
