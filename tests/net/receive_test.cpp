// Receiving a lease: what it shows, who holds pages meanwhile, and what happens when there are
// none.
#include "connection.hpp"

#include <pelton/runtime/op/nop.hpp>

#include <optional>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

// Every way to receive a lease, by what is masked.
constexpr std::array ways{"",
                          "buffer_ring_incremental",
                          "buffer_ring_incremental,receive_bundle",
                          "buffer_ring",
                          "buffer_ring,recv",
                          "registered_buffers"};

options small(std::string_view mask, std::size_t pages = 32, unsigned sq = 2) {
    auto with = masked(mask);
    with.ring.sq_entries = sq;
    with.page_bytes = pages * arena::page_bytes();
    return with;
}

std::string_view text_of(const lease& one) {
    return {reinterpret_cast<const char*>(one.data()), one.size()};
}

task<> send_text(tcp_stream& by, std::string_view text) {
    const auto sent = co_await by.send_all(areas::for_write(text));
    CHECK(sent.value() == text.size());
}

// Receives `bytes` bytes by leases, each let go at once.
task<> receive_all(tcp_stream& from, std::size_t bytes, std::vector<std::byte>& all) {
    while (all.size() < bytes) {
        const auto got = co_await from.receive();
        REQUIRE(got);
        REQUIRE_FALSE(got->empty());
        all.insert(all.end(), got->bytes().begin(), got->bytes().end());
    }
}

}  // namespace

TEST_CASE("a lease shows what came, and an empty one the end, again and again") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            for (int i = 0; i < 50; ++i) {
                const auto text = std::to_string(i) + " bottles";
                co_await send_text(pair.client, text);
                const auto got = co_await pair.server.receive();
                CHECK(text_of(got.value()) == text);
            }
            CHECK(pair.client.shutdown(half::sending));
            for (int i = 0; i < 20; ++i) {
                const auto end = co_await pair.server.receive();
                CHECK(end.value().empty());
            }
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("a thousand connections that wait hold no pages") {
    for (const char* mask : {"", "buffer_ring"}) {
        CAPTURE(mask);
        on_shard(small(mask), [](shard& here) -> task<> {
            constexpr int count = 1'000;
            std::vector<tcp_stream> streams;
            for (int i = 0; i < count; ++i) {
                std::array<int, 2> ends{};
                REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
                streams.emplace_back(here, ends[0], stream_options());
                streams.emplace_back(here, ends[1], stream_options());
            }
            int ended = 0;
            const auto wait = [&](int i) -> task<> {
                const auto got = co_await streams[2 * static_cast<std::size_t>(i)].receive();
                CHECK(text_of(got.value()) == "x");
                ++ended;
            };
            const auto all = [&](children& kids) -> task<> {
                for (int i = 0; i < count; ++i) {
                    kids.spawn([&wait, i] { return wait(i); });
                }
                while (here.completions().in_flight() < count) {
                    co_await nop(here);
                }
                CHECK(pages_out(here) == 0);
                for (int i = 0; i < count; ++i) {
                    co_await send_text(streams[2 * static_cast<std::size_t>(i) + 1], "x");
                }
            };
            co_await scope(all);
            CHECK(ended == count);
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("a lease that is kept is not written again, however much comes later") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 64), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            std::vector<lease> kept;
            for (int i = 0; i < 8; ++i) {
                const auto text = "kept " + std::to_string(i);
                co_await send_text(pair.client, text);
                auto got = co_await pair.server.receive();
                kept.push_back(std::move(got.value()));
            }
            const auto payload = random_bytes(500'000, 1);
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto sent = co_await pair.client.send_all(areas::for_write(payload));
                    CHECK(sent);
                });
                std::vector<std::byte> all;
                co_await receive_all(pair.server, payload.size(), all);
                CHECK(all == payload);
            };
            co_await scope(both);
            for (std::size_t i = 0; i < kept.size(); ++i) {
                CHECK(text_of(kept[i]) == "kept " + std::to_string(i));
            }
            kept.clear();
            CHECK(pages_out(here) == 0);
        });
    }
}

TEST_CASE("with all pages lent a receive waits for some, and no byte is lost") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 32), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const auto payload = random_bytes(300'000, 2);
            std::vector<std::byte> all;
            // Keeps what comes until nothing more does, then lets half of it go.
            std::vector<lease> kept;
            bool waiting = false;
            const auto let_go = [&]() -> task<> {
                while (all.size() < payload.size()) {
                    for (int i = 0; i < 20; ++i) {
                        co_await nop(here);
                    }
                    if (waiting) {
                        kept.erase(kept.begin(),
                                   kept.begin() + static_cast<long>((kept.size() + 1) / 2));
                    }
                }
            };
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto sent = co_await pair.client.send_all(areas::for_write(payload));
                    CHECK(sent);
                });
                kids.spawn([&] { return let_go(); });
                while (all.size() < payload.size()) {
                    waiting = true;
                    auto got = co_await pair.server.receive();
                    waiting = false;
                    REQUIRE(got);
                    all.insert(all.end(), got->bytes().begin(), got->bytes().end());
                    kept.push_back(std::move(*got));
                }
            };
            co_await scope(both);
            CHECK(all == payload);
        });
    }
}

TEST_CASE("a receive that waits for pages can be asked to stop, and the bytes stay") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 16), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            static_cast<void>(here.received());
            std::vector<lease> hoard;
            const auto hoard_all = [&] {
                while (auto one = here.pages().take_now(1)) {
                    hoard.push_back(std::move(*one));
                }
            };
            const auto payload = random_bytes(100'000, 3);
            co_await pair.client.send(areas::for_write(payload));
            std::size_t received = 0;
            std::optional<std::error_code> stopped;
            const auto receive = [&]() -> task<> {
                for (;;) {
                    auto got = co_await pair.server.receive();
                    if (!got) {
                        stopped = got.error();
                        co_return;
                    }
                    CHECK(std::equal(got->bytes().begin(), got->bytes().end(),
                                     payload.begin() + static_cast<long>(received)));
                    received += got->size();
                    hoard.push_back(std::move(*got));
                }
            };
            const auto body = [&](children& kids) -> task<> {
                hoard_all();
                kids.spawn([&] { return receive(); });
                for (int i = 0; i < 50; ++i) {
                    co_await nop(here);
                }
                CHECK(here.dump().find("receive that waits for pages") != std::string::npos);
                kids.request_stop();
            };
            co_await scope(body);
            CHECK(stopped.value() == std::errc::operation_canceled);
            hoard.clear();
            const auto next = co_await pair.server.receive();
            CHECK(next.value().data()[0] == payload[received]);
        });
    }
}

TEST_CASE("a whole message is the leases it came in, and not a byte more") {
    for (const char* mask : ways) {
        CAPTURE(mask);
        on_shard(small(mask, 64), [](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const auto payload = random_bytes(100'040, 4);
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto sent = co_await pair.client.send_all(areas::for_write(payload));
                    CHECK(sent);
                    co_await send_text(pair.client, "next");
                });
                std::size_t moved = 0;
                const auto got = co_await pair.server.receive_exactly(payload.size(), &moved);
                REQUIRE(got);
                CHECK(moved == payload.size());
                CHECK(got->bytes() == payload.size());
                std::vector<std::byte> flat;
                for (const auto one : got->areas().skip(40)) {
                    flat.insert(flat.end(), one.start, one.start + one.length);
                }
                CHECK(std::ranges::equal(flat, std::span(payload).subspan(40)));
                const auto next = co_await pair.server.receive();
                CHECK(text_of(next.value()) == "next");
            };
            co_await scope(both);
            CHECK(pair.client.shutdown(half::sending));
            const auto end = co_await pair.server.receive_exactly(std::size_t{1});
            CHECK(end.error() == end_of_stream());
        });
    }
}

TEST_CASE("what lies ready is not promised to those who want the whole pool") {
    on_shard(small("", 32), [](shard& here) -> task<> {
        const auto* ready = here.received();
        if (ready == nullptr) {
            co_return;
        }
        const auto all = co_await here.pages().take(32);
        CHECK(all.error() == std::errc::value_too_large);
        const auto rest = co_await here.pages().take(32 - ready->pages_held());
        CHECK(rest);
    });
}

TEST_CASE("who waited for the whole pool before pages lie ready gets it; they lie ready later") {
    on_shard(small("", 32), [](shard& here) -> task<> {
        std::vector<std::size_t> got;
        auto want = [&](std::size_t pages) -> task<> {
            const auto taken = co_await here.pages().take(pages);
            got.push_back(taken ? taken->pages() : 0);
        };
        receive_buffers* ready = nullptr;
        auto family = [&](children& kids) -> task<> {
            auto held = co_await here.pages().take(28);
            REQUIRE(held);
            kids.spawn([&] { return want(8); });
            kids.spawn([&] { return want(32); });
            static_cast<void>(co_await yield());
            ready = here.received();
            held->release();
        };
        co_await scope(family);
        CHECK(got == std::vector<std::size_t>{8, 32});
        for (int i = 0; i < 1'000 && ready != nullptr && ready->ready() == 0; ++i) {
            static_cast<void>(co_await yield());
        }
        CHECK((ready == nullptr || ready->ready() == ready->places()));
    });
}
