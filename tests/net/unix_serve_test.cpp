// serve() of a unix listener: one accept for many connections, and pauses, as TCP's.
#include "accept_faults.hpp"
#include "recording_ring.hpp"
#include "unix_fixture.hpp"

#include <pelton/runtime/net/unix_listener.hpp>

#include <sys/socket.h>

#include <optional>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

task<> answer(unix_stream client) {
    if (auto got = co_await client.receive(); got && !got->empty()) {
        const auto sent = co_await client.send_all(*got);
        CHECK(sent);
    }
}

task<> ask(unix_stream& stream) {
    const auto sent = co_await stream.send_all(areas::for_write("?"));
    CHECK(sent);
    const auto got = co_await stream.receive();
    CHECK(got.value().size() == 1);
}

unix_stream knock(shard& here, const unix_address& where) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(socket, where.address(), where.bytes()) == 0);
    return {here, socket, stream_options()};
}

template <class Guests>
task<result<void>> serve_while(shard& here, const unix_address& where, Guests& guests) {
    auto door = unix_listener::bind(here, where).value();
    std::optional<result<void>> ended;
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> { ended = co_await door.serve(kids, answer); });
        co_await guests();
        kids.request_stop();
    };
    co_await scope(body);
    CHECK(here.lasting().used() == 0);
    co_return *ended;
}

}  // namespace

TEST_CASE("a unix listener serves many by one accept, or by one each where that is masked") {
    const fresh_path place;
    const auto where = place.address();
    for (const char* mask : {"", "accept_multishot"}) {
        CAPTURE(mask);
        const auto before = open_descriptors();
        recording_ring kernel;
        auto with = masked(mask);
        with.ring_kernel = &kernel;
        with.ring.sq_entries = 2;
        bool by_one = false;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            by_one = here.queues().has(feature::accept_multishot);
            const auto guests = [&]() -> task<> {
                std::vector<unix_stream> waiting;
                for (int i = 0; i < 150; ++i) {
                    waiting.push_back(knock(here, where));
                }
                for (auto& stream : waiting) {
                    co_await ask(stream);
                }
            };
            const auto ended = co_await serve_while(here, where, guests);
            CHECK(ended);
        });
        CHECK(open_descriptors() == before);
        if (by_one) {
            CHECK(kernel.count(abi::op_accept) < 20);  // ended when 64 wait to be taken
        } else {
            CHECK(kernel.count(abi::op_accept) >= 150);
        }
    }
}

TEST_CASE("a unix listener that runs out of descriptors pauses and goes on, without spinning") {
    const fresh_path place;
    const auto where = place.address();
    for (const char* mask : {"", "accept_multishot"}) {
        CAPTURE(mask);
        accept_faults kernel;
        auto with = masked(mask);
        with.ring_kernel = &kernel;
        int reports = 0;
        with.error = [&](std::error_code, std::string_view) { ++reports; };
        on_shard(std::move(with), [&](shard& here) -> task<> {
            const auto guests = [&]() -> task<> {
                kernel.errors = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
                for (int i = 0; i < 3; ++i) {
                    auto stream = knock(here, where);
                    co_await ask(stream);
                }
                CHECK(kernel.errors.empty());
            };
            const auto ended = co_await serve_while(here, where, guests);
            CHECK(ended);
            CHECK(here.counters().turns < 1'000);
        });
        CHECK(reports == 1);
    }
}
