#include "connection.hpp"
#include "counted_new.hpp"
#include "skip.hpp"

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

}  // namespace

TEST_CASE("a hundred thousand echoes allocate nothing") {
    if (!counts_new || !frame_pool::keeps_frames()) {
        pelton_test::skip("this build cannot count, or keeps no frames for reuse");
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
