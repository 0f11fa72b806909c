#include "unix_fixture.hpp"

#include <pelton/runtime/net/unix_listener.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

task<> echo(unix_stream client) {
    while (auto got = co_await client.receive()) {
        if (got->empty() || !co_await client.send_all(*got)) {
            break;
        }
    }
}

task<> ask(shard& here, unix_address where) {
    auto stream = co_await unix_stream::connect(here, where);
    REQUIRE(stream);
    CHECK(stream->peer().value() == where);
    const auto sent = co_await stream->send_all(areas::for_write("hello"));
    CHECK(sent);
    const auto got = co_await stream->receive();
    CHECK(got.value().size() == 5);
}

task<> serve_and_ask(shard& here, unix_address where) {
    auto door = unix_listener::bind(here, where).value();
    std::optional<result<void>> ended;
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> { ended = co_await door.serve(kids, echo); });
        for (int i = 0; i < 3; ++i) {
            co_await ask(here, where);
        }
        kids.request_stop();
    };
    co_await scope(body);
    CHECK(ended.value());
    const auto closed = co_await door.close();
    CHECK(closed);
}

}  // namespace

TEST_CASE("a unix listener serves at a path and at an abstract name, and leaves nothing behind") {
    const auto before = open_descriptors();
    for (const char* mask : {"", "socket,close", "recv,send"}) {
        const fresh_path place;
        on_shard(masked(mask), [&](shard& here) -> task<> {
            co_await serve_and_ask(here, place.address());
            CHECK_FALSE(place.exists());
            co_await serve_and_ask(here, place.address());
            const auto name = unix_address::abstract(place.text()).value();
            co_await serve_and_ask(here, name);
            CHECK_FALSE(place.exists());
        });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a name that is taken, a folder that is missing and no name are refused") {
    const fresh_path place;
    const auto before = open_descriptors();
    on_shard([&](shard& here) -> task<> {
        {
            const auto door = unix_listener::bind(here, place.address()).value();
            const auto second = unix_listener::bind(here, place.address());
            CHECK(second.error() == std::errc::address_in_use);
            CHECK(place.exists());  // the second one's end does not take the first one's file
        }
        CHECK_FALSE(place.exists());
        const auto nowhere = unix_address::path(place.text() + "/missing/x").value();
        CHECK(unix_listener::bind(here, nowhere).error() == std::errc::no_such_file_or_directory);
        CHECK(unix_listener::bind(here, unix_address()).error() == std::errc::invalid_argument);
        const auto nobody = co_await unix_stream::connect(here, place.address());
        CHECK(nobody.error() == std::errc::no_such_file_or_directory);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("a listener does not remove a file that another has put in the place of its own") {
    const fresh_path place;
    on_shard([&](shard& here) -> task<> {
        std::optional<unix_listener> first(unix_listener::bind(here, place.address()).value());
        std::filesystem::remove(place.text());
        unix_listen_options keeps;
        keeps.removes_file = false;
        {
            const auto second = unix_listener::bind(here, place.address(), keeps).value();
            first.reset();
            CHECK(place.exists());
        }
        CHECK(place.exists());
        const auto nobody = co_await unix_stream::connect(here, place.address());
        CHECK(nobody.error() == std::errc::connection_refused);
    });
}

TEST_CASE("a connect waits while the backlog is full, and can be stopped") {
    const auto before = open_descriptors();
    const auto name = unix_address::abstract("pelton-full-backlog").value();
    on_shard([&](shard& here) -> task<> {
        unix_listen_options shallow;
        shallow.backlog = 0;
        auto door = unix_listener::bind(here, name, shallow).value();
        const auto first = co_await unix_stream::connect(here, name);
        CHECK(first);
        std::optional<std::error_code> ended;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto second = co_await unix_stream::connect(here, name);
                ended = second.error();
            });
            for (int i = 0; i < 4; ++i) {
                co_await nop(here);
            }
            CHECK_FALSE(ended);
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(ended.value() == std::errc::operation_canceled);

        std::optional<unix_stream> third;
        const auto accepting = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                auto made = co_await unix_stream::connect(here, name);
                third.emplace(std::move(made.value()));
            });
            co_await nop(here);
            const auto accepted = co_await door.accept();
            CHECK(accepted);
        };
        co_await scope(accepting);
        CHECK(third);
    });
    CHECK(open_descriptors() == before);
}
