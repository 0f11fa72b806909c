// Inflows of datagrams: one operation for many, with and without the kernel's help.
#include "udp_inflow.hpp"

using namespace pelton;
using namespace pelton::test;

TEST_CASE("an inflow yields every datagram in order, whole, and says who sent it") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            two_sockets sockets(here);
            const auto sender = sockets.client.local().value();
            {
                auto coming = sockets.server.inflow();
                for (std::size_t i = 0; i < 2'000; ++i) {
                    const auto data = random_bytes(i * 7 % 2049, i);
                    send_now(sockets, data);
                    const auto got = co_await coming.next();
                    REQUIRE(got);
                    CHECK(std::ranges::equal(got->bytes.bytes(), data));
                    CHECK(got->from == sender);
                    CHECK(got->segment_bytes == 0);
                }
            }
            co_await turns(here, 5);
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("an inflow of datagrams takes one SQE for many of them") {
    on_shard(small(""), [](shard& here) -> task<> {
        if (!receives_ahead(here)) {
            co_return;
        }
        two_sockets sockets(here);
        auto coming = sockets.server.inflow();
        send_number(sockets, -1);
        const auto first = co_await coming.next();
        CHECK(number_in(first.value().bytes) == -1);
        const auto before = here.queues().counters().sqes;
        for (int i = 0; i < 100; ++i) {
            send_number(sockets, i);
            const auto got = co_await coming.next();
            CHECK(number_in(got.value().bytes) == i);
        }
        CHECK(here.queues().counters().sqes == before);
        CHECK(here.dump().find("multishot receive of messages in the kernel") != std::string::npos);
    });
}

TEST_CASE("a datagram longer than its room is an error with its length, and the next one comes") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            two_sockets sockets(here);
            auto coming = sockets.server.inflow();
            for (int i = 0; i < 10; ++i) {
                send_now(sockets, random_bytes(5'000, 1));
                send_number(sockets, i);
                const auto cut = co_await coming.next();
                REQUIRE_FALSE(cut);
                CHECK(is_truncated_datagram(cut.error()));
                CHECK(cut.error().value() == 5'000);
                const auto whole = co_await coming.next();
                CHECK(number_in(whole.value().bytes) == i);
            }
        });
    }
}

TEST_CASE("without pages datagrams wait in the socket, and no page is filled while it is held") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 32), [](shard& here) -> task<> {
            two_sockets sockets(here);
            const auto most = here.pages().pool().pages();
            auto coming = sockets.server.inflow();
            std::vector<lease> held;
            int received = 0;
            const auto receive = [&]() -> task<> {
                for (;;) {
                    auto got = co_await coming.next();
                    if (!got) {
                        CHECK(got.error() == std::errc::operation_canceled);
                        co_return;
                    }
                    CHECK(number_in(got->bytes) == received++);
                    held.push_back(std::move(got->bytes));
                }
            };
            constexpr int sent = 100;
            const auto body = [&](children& kids) -> task<> {
                for (int i = 0; i < sent; ++i) {
                    send_number(sockets, i);
                }
                kids.spawn([&] { return receive(); });
                int dropped = 0;
                while (dropped < sent) {
                    co_await turns(here, 20);
                    CHECK(held.size() <= most);
                    REQUIRE_FALSE(held.empty());
                    for (auto& one : held) {
                        CHECK(number_in(one) == dropped++);
                    }
                    held.clear();
                }
                kids.request_stop();
            };
            co_await scope(body);
            CHECK(received == sent);
        });
    }
}

TEST_CASE("an inflow of datagrams that nobody takes from stops at what may lie ready") {
    on_shard(small("", 256), [](shard& here) -> task<> {
        if (!receives_ahead(here)) {
            co_return;
        }
        two_sockets sockets(here);
        udp_inflow_options options;
        options.ahead = 4;
        auto coming = sockets.server.inflow(options);
        send_number(sockets, 0);
        const auto first = co_await coming.next();
        CHECK(number_in(first.value().bytes) == 0);
        constexpr int sent = 150;
        for (int i = 1; i < sent; ++i) {
            send_number(sockets, i);
        }
        co_await turns(here, 50);
        CHECK(here.pages().pool().lent_pages() < 32);
        for (int i = 1; i < sent; ++i) {
            const auto got = co_await coming.next();
            CHECK(number_in(got.value().bytes) == i);
        }
    });
}

TEST_CASE("an inflow tells that nobody receives at the connected peer, and goes on") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            two_sockets sockets(here);
            const auto connected = co_await sockets.client.connect(sockets.to);
            REQUIRE(connected);
            const auto back = sockets.client.local().value();
            const auto closed = co_await sockets.server.close();
            REQUIRE(closed);
            auto coming = sockets.client.inflow();
            CHECK(::send(sockets.client.descriptor(), "x", 1, 0) == 1);
            const auto refused = co_await coming.next();
            REQUIRE_FALSE(refused);
            CHECK(refused.error() == std::errc::connection_refused);
            const auto server = udp_socket::bind(here, sockets.to).value();
            CHECK(::sendto(server.descriptor(), "y", 1, 0, back.address(), back.bytes()) == 1);
            const auto got = co_await coming.next();
            CHECK(got.value().bytes.size() == 1);
        });
    }
}

TEST_CASE("an inflow of a socket that merges yields several datagrams in one lease") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 512), [](shard& here) -> task<> {
            two_sockets sockets(here);
            REQUIRE(sockets.server.options().set_merging(true));
            udp_inflow_options options;
            options.bytes_max = 65'535;
            auto coming = sockets.server.inflow(options);
            const auto data = random_bytes(50'001, 3);
            const auto sent =
                co_await sockets.client.send_segments(areas::for_write(data), 1'000, sockets.to);
            CHECK(sent.value() == data.size());
            std::vector<std::byte> all;
            int leases = 0;
            for (; all.size() < data.size(); ++leases) {
                const auto got = co_await coming.next();
                REQUIRE(got);
                const auto bytes = got->bytes.bytes();
                CHECK(got->segment_bytes == (bytes.size() > 1'000 ? 1'000 : 0));
                all.insert(all.end(), bytes.begin(), bytes.end());
            }
            CHECK(all == data);
            if (here.known().has(feature::udp_segment)) {
                CHECK(leases < 51);
            }
        });
    }
}

TEST_CASE("without a free record in the slab datagrams are received one at a time") {
    auto with = small("");
    with.lasting_records = 0;
    on_shard(std::move(with), [](shard& here) -> task<> {
        two_sockets sockets(here);
        auto coming = sockets.server.inflow();
        for (int i = 0; i < 10; ++i) {
            send_number(sockets, i);
            const auto got = co_await coming.next();
            CHECK(number_in(got.value().bytes) == i);
        }
    });
}
