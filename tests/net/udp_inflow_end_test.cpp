// Inflows of datagrams that end early: with their handle, and by stop requests.
#include "buffers/death.hpp"
#include "skip.hpp"
#include "udp_inflow.hpp"

#include <pelton/runtime/shard/with_timeout.hpp>

#include <memory>
#include <vector>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("an inflow of datagrams left early is cancelled, its pages go home, and another begins") {
    const auto before = open_descriptors();
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            for (int round = 0; round < 20; ++round) {
                two_sockets sockets(here);
                for (int again = 0; again < 3; ++again) {
                    udp_inflow_options options;
                    options.bytes_max = again == 1 ? 9'000 : 100;
                    auto coming = sockets.server.inflow(options);
                    send_now(sockets, random_bytes(100, 2));
                    const auto got = co_await coming.next();
                    CHECK(got.value().bytes.size() == 100);
                    co_await turns(here, round % 3);
                }
                co_await turns(here, round % 4);
                if (round % 2 == 0) {
                    const auto closed = co_await sockets.server.close();
                    CHECK(closed);
                }
            }
            co_await turns(here, 5);
            CHECK(pages_out(here) == 0);
            CHECK(here.lasting().used() == 0);
        });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("stop requests race with datagrams, and lose none") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            two_sockets sockets(here);
            auto coming = sockets.server.inflow();
            int received = 0;
            int stopped = 0;
            const auto receive = [&]() -> task<> {
                const auto got = co_await coming.next();
                if (got) {
                    CHECK(number_in(got->bytes) == received++);
                } else {
                    CHECK(got.error() == std::errc::operation_canceled);
                    ++stopped;
                }
            };
            constexpr int rounds = 500;
            for (int round = 0; round < rounds; ++round) {
                const auto body = [&](children& kids) -> task<> {
                    kids.spawn([&] { return receive(); });
                    co_await turns(here, round % 2);
                    send_number(sockets, round);
                    co_await turns(here, round % 3);
                    kids.request_stop();
                };
                co_await scope(body);
                while (received + 40 < round) {
                    co_await receive();
                }
            }
            while (received < rounds) {
                co_await receive();
            }
            CHECK(stopped > 0);
        });
    }
}

TEST_CASE("a second task at one inflow of datagrams ends the process, for the first would starve") {
    bool ahead = false;
    on_shard(small(""), [&](shard& here) -> task<> {
        ahead = receives_ahead(here);
        co_return;
    });
    if (!ahead) {
        pelton_test::skip("no inflow of datagrams by the kernel");
        return;
    }
    const auto end = ending_of([] {
        on_shard(small(""), [](shard& here) -> task<> {
            two_sockets sockets(here);
            auto coming = sockets.server.inflow({});
            const auto wait = [&]() -> task<> { static_cast<void>(co_await coming.next()); };
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&] { return wait(); });
                kids.spawn([&] { return wait(); });
                co_return;
            };
            co_await scope(both);
        });
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("two tasks wait for what one inflow or listener brings") !=
          std::string::npos);
}

TEST_CASE(
    "however many inflows wait for datagrams, others have pages, and who wants too many is told") {
    using namespace std::chrono_literals;
    on_shard(small(""), [](shard& here) -> task<> {
        std::vector<std::unique_ptr<two_sockets>> all;
        const auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < 5; ++i) {
                all.push_back(std::make_unique<two_sockets>(here));
                auto& server = all.back()->server;
                kids.spawn([&server]() -> task<> {
                    auto coming = server.inflow();
                    CHECK((co_await coming.next()).error() == std::errc::operation_canceled);
                });
            }
            co_await turns(here, 5);
            CHECK(co_await with_timeout(1s, here.pages().take(1)));
            if (receives_ahead(here)) {
                const auto most = co_await with_timeout(1s, here.pages().take(60));
                CHECK(most.error() == std::errc::value_too_large);
            }
            kids.request_stop();
        };
        co_await scope(body);
        co_await turns(here, 5);
        CHECK(co_await with_timeout(1s, here.pages().take(64)));
    });
}
