#include "connection.hpp"

#include <pelton/runtime/net/connect_to.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <optional>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

// A listener that answers nobody: its one place is taken, so a connect to it stays pending.
class silent_door {
public:
    static task<silent_door> make(shard& here) {
        listen_options shallow;
        shallow.backlog = 0;
        auto door = tcp_listener::bind(here, endpoint::loopback(0), shallow).value();
        const auto where = door.local().value();
        auto first = co_await tcp_stream::connect(here, where);
        co_return silent_door(std::move(door), std::move(first.value()), where);
    }
    endpoint where() const noexcept { return where_; }

private:
    silent_door(tcp_listener door, tcp_stream first, endpoint where) noexcept
        : door_(std::move(door)), first_(std::move(first)), where_(where) {}

    tcp_listener door_;
    tcp_stream first_;
    endpoint where_;
};

task<endpoint> nobody(shard& here) {
    auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
    const auto where = door.local().value();
    const auto closed = co_await door.close();
    CHECK(closed);
    co_return where;
}

connect_options after(std::chrono::milliseconds delay) {
    connect_options with;
    with.attempt_delay = delay;
    return with;
}

}  // namespace

TEST_CASE("families alternate, beginning with that of the first address") {
    const auto four = [](std::uint16_t n) { return endpoint::loopback(n); };
    const auto six = [](std::uint16_t n) { return endpoint::loopback_v6(n); };
    CHECK(alternate_families({six(1), six(2), six(3), four(1), four(2)}) ==
          std::vector{six(1), four(1), six(2), four(2), six(3)});
    CHECK(alternate_families({four(1), four(2), six(1)}) == std::vector{four(1), six(1), four(2)});
    CHECK(alternate_families({}).empty());
}

TEST_CASE("an address that refuses hands over to the next at once") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto good = door.local().value();
        const auto dead = co_await nobody(here);
        // With a delay of an hour the test would not end if it were waited for.
        const std::vector candidates{dead, dead, good};
        const auto stream = co_await connect_to_first(here, candidates, after(1h));
        CHECK(stream.value().peer().value() == good);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("an address that does not answer is overtaken by the next, and its attempt cancelled") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        const auto silent = co_await silent_door::make(here);
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto good = door.local().value();
        const auto base = open_descriptors();
        const std::vector candidates{silent.where(), good};
        {
            const auto stream = co_await connect_to_first(here, candidates, after(1ms));
            CHECK(stream.value().peer().value() == good);
            CHECK(open_descriptors() == base + 1);
        }
        // The other way round the silent one is never tried.
        const std::vector better{good, silent.where()};
        const auto stream = co_await connect_to_first(here, better, after(1h));
        CHECK(stream.value().peer().value() == good);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("when no address answers the error is that of the one that failed first") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        const auto dead = co_await nobody(here);
        const auto broadcast = endpoint::parse("127.255.255.255:1").value();
        const std::vector refused{dead, broadcast};
        const auto stream = co_await connect_to_first(here, refused);
        REQUIRE_FALSE(stream);
        CHECK(stream.error() == std::errc::connection_refused);
        const std::vector forbidden{broadcast, dead};
        const auto other = co_await connect_to_first(here, forbidden);
        REQUIRE_FALSE(other);
        CHECK(other.error() != std::errc::connection_refused);
        const std::vector<endpoint> nowhere;
        const auto none = co_await connect_to_first(here, nowhere);
        CHECK(none.error() == std::errc::invalid_argument);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("connecting to several addresses can be stopped, while it tries and while it waits") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        const auto silent = co_await silent_door::make(here);
        std::optional<std::error_code> ended;
        const std::vector candidates{silent.where(), silent.where()};
        for (const auto delay : {1h, 0h}) {
            const auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto made = co_await connect_to_first(here, candidates, after(delay));
                    ended = made.error();
                });
                for (int i = 0; i < 5; ++i) {
                    co_await nop(here);
                }
                CHECK_FALSE(ended);
                kids.request_stop();
            };
            co_await scope(body);
            CHECK(ended.value() == std::errc::operation_canceled);
            ended.reset();
        }
    });
    CHECK(open_descriptors() == before);
}
