#include "connection.hpp"

#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/outcome/deadline_passed.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <atomic>
#include <chrono>
#include <thread>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

TEST_CASE("receive, receive_exactly, accept and a lease under deadlines: what waits is timed out") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        std::array<std::byte, 100> memory{};
        const auto whole = areas(std::span(memory));
        const auto plain = co_await with_timeout(1ms, pair.server.receive(whole));
        CHECK(plain.error() == deadline_passed());
        const auto exact = co_await with_timeout(1ms, pair.server.receive_exactly(whole));
        CHECK(exact.error() == deadline_passed());
        const auto leased = co_await with_timeout(1ms, pair.server.receive());
        CHECK(leased.error() == deadline_passed());
        CHECK(pages_out(here) == 0);
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto nobody = co_await with_timeout(1ms, door.accept());
        CHECK(nobody.error() == deadline_passed());

        CHECK((co_await pair.client.send_all(areas::for_write("still here"))).value() == 10);
        const auto got = co_await with_timeout(1h, pair.server.receive());
        CHECK(got.value().size() == 10);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("a whole receive whose part ends short as its deadline passes is not submitted again") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto bytes = random_bytes(10, 3);
        for (int round = 0; round < 50; ++round) {
            std::array<std::byte, 100> memory{};
            std::size_t moved = 99;
            // The part is there when the receive starts, the deadline passes in the same turn.
            REQUIRE(::send(pair.client.descriptor(), bytes.data(), bytes.size(), 0) == 10);
            const auto got = co_await with_timeout(
                0ns, pair.server.receive_exactly(areas(std::span(memory)), &moved));
            CHECK(got.error() == deadline_passed());
            CHECK(moved == 10);
            CHECK(std::equal(bytes.begin(), bytes.end(), memory.begin()));
        }
        // A whole send that meets a full socket likewise.
        set_option(pair.client, SO_SNDBUF, 4096);
        auto much = random_bytes(8'000'000, 4);
        std::size_t sent = 0;
        const auto put =
            co_await with_timeout(5ms, pair.client.send_all(areas(std::span(much)), &sent));
        CHECK(put.error() == deadline_passed());
        CHECK(sent > 0);
        CHECK(sent < much.size());
        std::vector<std::byte> arrived(sent);
        CHECK((co_await pair.server.receive_exactly(areas(std::span(arrived)))).value() == sent);
        CHECK(std::equal(arrived.begin(), arrived.end(), much.begin()));
    });
}

TEST_CASE("a connect that nobody answers is ended by its deadline and leaves no descriptor") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        listen_options shallow;
        shallow.backlog = 0;
        auto door = tcp_listener::bind(here, endpoint::loopback(0), shallow).value();
        const auto where = door.local().value();
        const auto first = co_await tcp_stream::connect(here, where);
        CHECK(first);
        const auto second = co_await with_timeout(5ms, tcp_stream::connect(here, where));
        CHECK(second.error() == deadline_passed());
    });
    CHECK(open_descriptors() == before);
}

namespace {

// Sends numbered bytes from another thread while receives under short deadlines take them.
task<int> race_deadlines(shard& here, int rounds) {
    auto pair = co_await connected(here);
    std::jthread sender([&pair, rounds] {
        for (int i = 0; i < rounds; ++i) {
            const auto byte = static_cast<std::byte>(i);
            CHECK(::send(pair.client.descriptor(), &byte, 1, MSG_NOSIGNAL) == 1);
            if (i % 8 == 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(i % 97));
            }
        }
    });
    int late = 0;
    for (int next = 0; next < rounds;) {
        std::byte got{};
        const auto received = co_await with_timeout(std::chrono::nanoseconds(100 * (next % 500)),
                                                    pair.server.receive(areas(std::span(&got, 1))));
        if (received) {
            CHECK(got == static_cast<std::byte>(next));
            ++next;
        } else {
            CHECK(received.error() == deadline_passed());
            ++late;
        }
    }
    co_return late;
}

}  // namespace

TEST_CASE("deadlines race with data and lose no byte") {
    int late = 0;
    for (const char* mask : {"", "defer_taskrun,coop_taskrun"}) {
        on_shard(masked(mask),
                 [&](shard& here) -> task<> { late += co_await race_deadlines(here, 3'000); });
    }
    CHECK(late > 0);
}
