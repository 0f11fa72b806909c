// Inflows: one operation for many receives, too much at once, without pages.
#include "inflow.hpp"

using namespace pelton;
using namespace pelton::test;

TEST_CASE("an inflow yields every byte in order, then the end") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(few_pages(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const auto payload = random_bytes(2'000'000, 1);
            std::vector<std::byte> all;
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&] { return send_and_end(pair.client, payload); });
                auto coming = pair.server.inflow();
                for (;;) {
                    const auto got = co_await coming.next();
                    REQUIRE(got);
                    if (got->empty()) {
                        break;
                    }
                    append(all, *got);
                }
                const auto again = co_await coming.next();
                CHECK(again.value().empty());
            };
            co_await scope(both);
            CHECK(all == payload);
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("an inflow takes one SQE for many receives, and holds no page while it waits") {
    on_shard(few_pages("", 64, 16), [](shard& here) -> task<> {
        if (here.received() == nullptr || !here.queues().has(feature::receive_multishot)) {
            co_return;
        }
        auto pair = co_await connected(here);
        auto coming = pair.server.inflow();
        const auto echo = [&](int i) -> task<> {
            const auto text = std::to_string(i);
            const auto sent = co_await pair.client.send_all(areas::for_write(text));
            CHECK(sent);
            const auto got = co_await coming.next();
            CHECK(text_of(got.value()) == text);
        };
        co_await echo(0);
        const auto before = here.queues().counters().sqes;
        for (int i = 0; i < 100; ++i) {
            co_await echo(i);
            CHECK(pages_out(here) == 0);
        }
        CHECK(here.queues().counters().sqes == before + 100);  // the sends
        CHECK(here.lasting().used() == 1);
        CHECK(here.dump().find("multishot receive in the kernel") != std::string::npos);
    });
}

TEST_CASE("an inflow that nobody takes from stops the peer, and goes on when somebody does") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(few_pages(mask, 256), [](shard& here) -> task<> {
            auto options = stream_options();
            options.pages_ahead = 4;
            std::array<int, 2> ends{};
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
            tcp_stream writer(here, ends[0], options);
            tcp_stream reader(here, ends[1], options);
            const auto payload = random_bytes(3'000'000, 2);
            std::vector<std::byte> all;
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&] { return send_and_end(writer, payload); });
                auto coming = reader.inflow();
                for (int i = 0;; ++i) {
                    if (i % 20 == 0) {
                        co_await turns(here, 50);
                        CHECK(pages_out(here) < 128);
                    }
                    const auto got = co_await coming.next();
                    REQUIRE(got);
                    if (got->empty()) {
                        break;
                    }
                    append(all, *got);
                }
            };
            co_await scope(both);
            CHECK(all == payload);
        });
    }
}

TEST_CASE("an inflow left early leaves its bytes to the stream's receives, in order") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(few_pages(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const auto payload = random_bytes(400'000, 3);
            std::vector<std::byte> all;
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&] { return send_and_end(pair.client, payload); });
                for (int round = 0;; ++round) {
                    {
                        auto coming = pair.server.inflow();
                        const auto got = co_await coming.next();
                        append(all, got.value());
                        co_await turns(here, round % 4);
                    }
                    co_await turns(here, round % 3);
                    const auto leased = co_await pair.server.receive_at_most(1'000);
                    CHECK(leased.value().size() <= 1'000);
                    append(all, leased.value());

                    std::array<std::byte, 3'001> memory{};
                    const auto copied = co_await pair.server.receive(areas(std::span(memory)));
                    all.insert(all.end(), memory.begin(),
                               memory.begin() + static_cast<long>(copied.value()));
                    std::size_t moved = 0;
                    const auto exactly =
                        co_await pair.server.receive_exactly(areas(std::span(memory)), &moved);
                    all.insert(all.end(), memory.begin(),
                               memory.begin() + static_cast<long>(moved));
                    if (!exactly) {
                        CHECK(exactly.error() == end_of_stream());
                        break;
                    }
                }
            };
            co_await scope(both);
            CHECK(all == payload);
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("without a free record in the slab an inflow receives one at a time") {
    auto with = few_pages("");
    with.lasting_records = 0;
    on_shard(std::move(with), [](shard& here) -> task<> {
        auto pair = co_await connected(here);
        auto coming = pair.server.inflow();
        for (int i = 0; i < 10; ++i) {
            const auto sent = co_await pair.client.send_all(areas::for_write("hello"));
            CHECK(sent);
            const auto got = co_await coming.next();
            CHECK(text_of(got.value()) == "hello");
        }
    });
}

TEST_CASE("more streams than buffers: every inflow gets its bytes when pages are few") {
    for (const char* mask : {"", "buffer_ring_incremental"}) {
        CAPTURE(mask);
        on_shard(few_pages(mask, 16), [](shard& here) -> task<> {
            constexpr std::size_t count = 40;
            const auto payload = random_bytes(60'000, 5);
            const auto one = [&]() -> task<> {
                std::array<int, 2> ends{};
                REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
                tcp_stream writer(here, ends[0], stream_options());
                tcp_stream reader(here, ends[1], stream_options());
                std::vector<std::byte> all;
                const auto both = [&](children& kids) -> task<> {
                    kids.spawn([&] { return send_and_end(writer, payload); });
                    auto coming = reader.inflow();
                    for (;;) {
                        const auto got = co_await coming.next();
                        REQUIRE(got);
                        if (got->empty()) {
                            break;
                        }
                        append(all, *got);
                        co_await nop(here);
                    }
                };
                co_await scope(both);
                CHECK(all == payload);
            };
            const auto every = [&](children& kids) -> task<> {
                for (std::size_t i = 0; i < count; ++i) {
                    kids.spawn([&] { return one(); });
                }
                co_return;
            };
            co_await scope(every);
            CHECK(pages_out(here) == 0);
        });
    }
}
