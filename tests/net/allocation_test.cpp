#include "counted_new.hpp"
#include "skip.hpp"
#include "zero_copy.hpp"

#include <pelton/runtime/task/frame_pool.hpp>

using namespace pelton;
using namespace pelton::test;

namespace {

task<> echo(tcp_stream client) {
    while (auto got = co_await client.receive()) {
        if (got->empty() || !co_await client.send_all(*got)) {
            break;
        }
    }
}

task<> round_trips(tcp_stream& stream, int rounds) {
    std::array<std::byte, 64> memory{};
    for (int i = 0; i < rounds; ++i) {
        memory[0] = static_cast<std::byte>(i);
        const auto sent = co_await stream.send_all(areas(std::span(memory)));
        const auto got = co_await stream.receive_exactly(areas(std::span(memory)));
        if (!sent || !got || memory[0] != static_cast<std::byte>(i)) {
            FAIL("round ", i);
        }
    }
}

bool counts() {
    if (!counts_new || !frame_pool::keeps_frames()) {
        pelton_test::skip("this build cannot count, or keeps no frames for reuse");
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a hundred thousand echoes allocate nothing") {
    if (!counts()) {
        return;
    }
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&] { return door.serve(kids, echo); });
            auto stream = co_await tcp_stream::connect(here, where);
            co_await round_trips(stream.value(), 100);
            const auto before = allocations;
            co_await round_trips(stream.value(), 100'000);
            CHECK(allocations == before);
            kids.request_stop();
        };
        co_await scope(body);
    });
}

TEST_CASE("ten thousand gathered zero-copy sends allocate nothing") {
    if (!counts()) {
        return;
    }
    on_shard([](shard& here) -> task<> {
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1));
        std::vector<std::byte> in(8 * 500);
        const auto exchange = [&](int rounds) -> task<> {
            for (int i = 0; i < rounds; ++i) {
                lease_list pages;
                for (int k = 0; k < 8; ++k) {
                    auto one = here.pages().take_now(1).value();
                    one.narrow(0, 500);
                    pages.append(std::move(one));
                }
                const auto sent = co_await pair.sender.send_all(pages);
                const auto got = co_await pair.receiver.receive_exactly(areas(std::span(in)));
                if (!sent || !got) {
                    FAIL("round ", i);
                }
                co_await all_notified(here);
            }
        };
        co_await exchange(100);
        const auto before = allocations;
        co_await exchange(10'000);
        CHECK(allocations == before);
    });
}
