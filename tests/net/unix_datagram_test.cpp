#include "unix_fixture.hpp"

#include <pelton/runtime/net/unix_datagram.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>

#include <optional>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("datagrams go to a path, tell who sent them, and keep their bounds, empty ones too") {
    for (const char* mask : message_masks) {
        const fresh_path place;
        on_shard(masked(mask), [&](shard& here) -> task<> {
            auto server = unix_datagram::bind(here, place.address()).value();
            const auto name = unix_address::abstract("pelton-client-" + place.text()).value();
            auto client = unix_datagram::bind(here, name).value();
            CHECK(server.local().value() == place.address());
            const auto first = co_await client.send_to(areas::for_write("one"), place.address());
            const auto empty = co_await client.send_to(areas(), place.address());
            const auto third = co_await client.send_to(areas::for_write("three"), place.address());
            CHECK(first.value() == 3);
            CHECK(empty.value() == 0);
            CHECK(third.value() == 5);
            std::array<std::byte, 64> memory{};
            for (const std::size_t bytes : {3U, 0U, 5U}) {
                const auto got = co_await server.receive(std::span(memory));
                CHECK(got.value().bytes == bytes);
                CHECK(got->from == name);
            }
            const auto back = co_await server.send_to(areas::for_write("back"), name);
            CHECK(back.value() == 4);
            const auto got = co_await client.receive(std::span(memory));
            CHECK(got.value().bytes == 4);
            CHECK(got->from == place.address());
        });
    }
}

TEST_CASE("a datagram that does not fit is an error that tells its length, never a shorter one") {
    for (const char* mask : message_masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto ends = unix_datagram::pair(here).value();
            const auto sent = co_await ends.first.send(areas::for_write("0123456789"));
            const auto next = co_await ends.first.send(areas::for_write("ab"));
            CHECK((sent && next));
            std::array<std::byte, 4> memory{};
            const auto cut = co_await ends.second.receive(std::span(memory));
            REQUIRE_FALSE(cut);
            CHECK(cut.error() == truncated_datagram(10));
            CHECK(cut.error() == std::errc::message_size);
            CHECK(is_truncated_datagram(cut.error()));
            CHECK(cut.error().message().find("a datagram of 10 bytes") == 0);
            CHECK(memory[3] == std::byte{'3'});
            const auto whole = co_await ends.second.receive(std::span(memory));
            CHECK(whole.value().bytes == 2);
            CHECK(whole->from.is_unnamed());
        });
    }
}

TEST_CASE("descriptors go with datagrams, with an empty one and with one that is cut off too") {
    const auto before = open_descriptors();
    for (const char* mask : message_masks) {
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto ends = unix_datagram::pair(here).value();
            const some_pipe pipe;
            const std::array one{pipe.writer()};
            passed_descriptors came(here);
            std::array<std::byte, 4> memory{};
            const auto empty = co_await ends.first.send(areas(), one);
            CHECK(empty.value() == 0);
            const auto got = co_await ends.second.receive_with(std::span(memory), came);
            CHECK(got.value().bytes == 0);
            REQUIRE(came.size() == 1);
            CHECK(pipe.is_mine(came.numbers()[0]));
            CHECK(closed_by_exec(came.numbers()[0]));

            const auto big = co_await ends.first.send(areas::for_write("too long"), one);
            CHECK(big);
            const auto cut = co_await ends.second.receive_with(std::span(memory), came);
            CHECK(is_truncated_datagram(cut.error()));
            CHECK(came.size() == 1);

            const auto unwanted = co_await ends.first.send(areas::for_write("x"), one);
            CHECK(unwanted);
            const auto plain = co_await ends.second.receive(std::span(memory));
            CHECK(plain.value().bytes == 1);
        });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("more areas than one operation takes are refused, never sent as a shorter datagram") {
    on_shard([](shard& here) -> task<> {
        auto ends = unix_datagram::pair(here).value();
        std::vector<std::byte> memory(2 * 1025);
        std::vector<area> entries;
        for (std::size_t i = 0; i < 1025; ++i) {
            entries.push_back({memory.data() + 2 * i, 1});
        }
        const areas all(std::span<const area>{entries});
        const auto refused = co_await ends.first.send(all);
        CHECK(refused.error() == std::errc::message_size);
        const auto most = co_await ends.first.send(all.first(1024));
        CHECK(most.value() == 1024);
        const auto whole = co_await ends.second.receive(all);
        CHECK(whole.error() == std::errc::message_size);
        const auto got = co_await ends.second.receive(all.first(1024));
        CHECK(got.value().bytes == 1024);
    });
}

TEST_CASE("a send waits while the receiver's queue is full, and can be stopped") {
    on_shard([](shard& here) -> task<> {
        auto ends = unix_datagram::pair(here).value();
        int sent = 0;
        std::optional<std::error_code> ended;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                for (;;) {
                    const auto done = co_await ends.first.send(areas::for_write("x"));
                    if (!done) {
                        ended = done.error();
                        co_return;
                    }
                    ++sent;
                }
            });
            for (int seen = -1; seen != sent;) {
                seen = sent;
                co_await nop(here);
                co_await nop(here);
            }
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(ended.value() == std::errc::operation_canceled);
        CHECK(sent > 0);
        std::byte memory{};
        for (int i = 0; i < sent; ++i) {
            const auto got = co_await ends.second.receive(std::span(&memory, 1));
            CHECK(got.value().bytes == 1);
        }
    });
}

TEST_CASE("a datagram for nobody is refused, and one for a connected peer goes there") {
    const fresh_path place;
    on_shard([&](shard& here) -> task<> {
        auto client = unix_datagram::bind(here).value();
        const auto nowhere = co_await client.send_to(areas::for_write("x"), place.address());
        CHECK(nowhere.error() == std::errc::no_such_file_or_directory);
        auto server = unix_datagram::bind(here, place.address()).value();
        const auto where = place.address();
        const auto connected = co_await client.connect(where);
        CHECK(connected);
        const auto sent = co_await client.send(areas::for_write("x"));
        CHECK(sent.value() == 1);
        const auto closed = co_await server.close();
        CHECK(closed);
        const auto gone = co_await client.send(areas::for_write("x"));
        CHECK(gone.error() == std::errc::connection_refused);
    });
}
