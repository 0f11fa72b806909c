// Transfers of everything: in parts, to the end, and what is said when they end in the middle.
#include "connection.hpp"

#include <pelton/runtime/op/nop.hpp>

#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

// More than the buffers of both sockets hold by default (net.ipv4.tcp_wmem and tcp_rmem).
constexpr std::size_t more_than_fits = 32'000'000;

}  // namespace

TEST_CASE("a send much larger than the socket's buffer is resumed until all of it is sent") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        set_option(pair.client, SO_SNDBUF, 1);  // the kernel's least, some 4 KiB
        const auto payload = random_bytes(1'000'000, 1);
        scattered out(payload.size(), 2);
        out.fill(payload);
        std::vector<std::byte> in(payload.size() + 1);
        std::size_t received = 0;
        const auto both = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                std::size_t moved = 0;
                const auto sent = co_await pair.client.send_all(out.view(), &moved);
                CHECK(sent.value() == payload.size());
                CHECK(moved == payload.size());
                CHECK(pair.client.shutdown(half::sending));
            });
            for (;;) {
                const auto room = areas(std::span(in)).skip(received).first(1'000);
                const auto got = co_await pair.server.receive(room);
                if (got.value() == 0) {
                    break;
                }
                received += *got;
            }
        };
        co_await scope(both);
        in.resize(received);
        CHECK(in == payload);
        CHECK(here.completions().counters().resubmits > 10);
    });
}

TEST_CASE("a partial send takes what fits and says how much that was") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto payload = random_bytes(more_than_fits, 3);
        const auto all = areas::for_write(payload);
        const auto sent = co_await pair.client.send(all);
        REQUIRE(sent);
        CHECK(*sent > 0);
        CHECK(*sent < payload.size());
        std::vector<std::byte> in(*sent);
        const auto received = co_await pair.server.receive_exactly(areas(std::span(in)));
        CHECK(received.value() == *sent);
        CHECK(std::ranges::equal(in, std::span(payload).first(*sent)));
    });
}

TEST_CASE("the end of the peer's stream is 0 bytes, an empty lease, and an early end of a whole") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto sent = co_await pair.client.send_all(areas::for_write("ten bytes!"));
        CHECK(sent.value() == 10);
        CHECK(pair.client.shutdown(half::sending));

        std::array<std::byte, 20> memory{};
        std::size_t moved = 99;
        const auto exactly = co_await pair.server.receive_exactly(areas(std::span(memory)), &moved);
        REQUIRE_FALSE(exactly);
        CHECK(exactly.error() == end_of_stream());
        CHECK(exactly.error().message().find("ended the stream before") != std::string::npos);
        CHECK(moved == 10);
        const auto again = co_await pair.server.receive_exactly(areas(std::span(memory)), &moved);
        CHECK(again.error() == end_of_stream());
        CHECK(moved == 0);

        const auto nothing = co_await pair.server.receive(areas(std::span(memory)));
        CHECK(nothing.value() == 0);
        const auto empty = co_await pair.server.receive();
        CHECK(empty.value().empty());

        // The other half still works.
        const auto answered = co_await pair.server.send_all(areas::for_write("bye"));
        CHECK(answered.value() == 3);
        const auto answer = co_await pair.client.receive();
        CHECK(answer.value().size() == 3);
    });
}

TEST_CASE("a peer that resets in the middle is told from one that ends, on every rung") {
    for (const char* mask : {"", "recv", "recv,recvmsg"}) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const auto payload = random_bytes(1'000, 4);
            const auto sent = co_await pair.client.send_all(areas::for_write(payload));
            CHECK(sent.value() == 1'000);
            reset_on_close(pair.client);
            const auto closed = co_await pair.client.close();
            CHECK(closed);

            std::vector<std::byte> in(100'000);
            std::size_t moved = 0;
            const auto got = co_await pair.server.receive_exactly(areas(std::span(in)), &moved);
            REQUIRE_FALSE(got);
            CHECK(got.error() == std::errc::connection_reset);
            CHECK(moved == 1'000);
            CHECK(std::equal(payload.begin(), payload.end(), in.begin()));

            const auto late = co_await pair.server.send_all(areas::for_write(payload));
            CHECK(late.error() == std::errc::broken_pipe);
            CHECK(pair.server.shutdown(half::both).error() == std::errc::not_connected);
        });
    }
}

TEST_CASE("a sender whose peer resets learns how much had gone, and gets no signal") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto payload = random_bytes(more_than_fits, 5);
        std::size_t moved = 0;
        std::optional<result<std::size_t>> sent;
        const auto both = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                sent = co_await pair.client.send_all(areas::for_write(payload), &moved);
            });
            while (moved == 0) {
                co_await nop(here);
            }
            reset_on_close(pair.server);
            const auto closed = co_await pair.server.close();
            CHECK(closed);
        };
        co_await scope(both);
        CHECK(sent.value().error() == std::errc::connection_reset);
        CHECK(moved > 0);
        CHECK(moved < payload.size());
    });
}

TEST_CASE("a whole transfer stopped in the middle says ECANCELED, and how much had moved") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await connected(here);
        const auto payload = random_bytes(1'000, 6);
        std::vector<std::byte> in(2'000);
        std::size_t moved = 0;
        std::optional<result<std::size_t>> got;
        const auto both = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                got = co_await pair.server.receive_exactly(areas(std::span(in)), &moved);
            });
            const auto sent = co_await pair.client.send_all(areas::for_write(payload));
            CHECK(sent.value() == 1'000);
            while (moved == 0) {
                co_await nop(here);
            }
            co_await nop(here);  // the rest is in the kernel
            kids.request_stop();
        };
        co_await scope(both);
        CHECK(got.value().error() == std::errc::operation_canceled);
        CHECK(moved == 1'000);

        // What comes next is what follows those.
        const auto sent = co_await pair.client.send_all(areas::for_write(payload));
        CHECK(sent.value() == 1'000);
        const auto rest = co_await pair.server.receive_exactly(areas(std::span(in)).skip(moved));
        CHECK(rest.value() == 1'000);
        CHECK(std::equal(payload.begin(), payload.end(), in.begin()));
        CHECK(std::equal(payload.begin(), payload.end(), in.begin() + 1'000));
    });
}
