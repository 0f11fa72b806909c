// serve() by one multishot accept: many connections, errors, and what comes while it stops.
#include "accept_faults.hpp"
#include "connection.hpp"
#include "guests.hpp"
#include "recording_ring.hpp"

#include <pelton/runtime/op/nop.hpp>

using namespace pelton;
using namespace pelton::test;

namespace {

int knock(endpoint where) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(socket, where.address(), where.bytes()) == 0);
    return socket;
}

}  // namespace

TEST_CASE("one accept serves many connections, or one each where it is masked or finds no record") {
    struct way {
        const char* mask;
        unsigned records;
        bool one;
    };
    for (const auto each :
         {way{"", 8, true}, way{"accept_multishot", 8, false}, way{"", 0, false}}) {
        CAPTURE(each.mask);
        const auto before = open_descriptors();
        recording_ring kernel;
        auto with = masked(each.mask);
        with.ring_kernel = &kernel;
        with.ring.sq_entries = 2;
        with.lasting_records = each.records;
        bool known = false;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            known = here.queues().has(feature::accept_multishot);
            const auto guests = [&](endpoint where) -> task<> {
                std::vector<tcp_stream> waiting;
                for (int i = 0; i < 150; ++i) {
                    waiting.emplace_back(here, knock(where), stream_options());
                }
                for (auto& stream : waiting) {
                    co_await ask(stream);
                }
            };
            const auto ended = co_await serve_while(here, guests);
            CHECK(ended);
        });
        CHECK(open_descriptors() == before);
        if (each.one && known) {
            CHECK(kernel.count(abi::op_accept) < 20);  // ended when 64 wait to be taken
        } else {
            CHECK(kernel.count(abi::op_accept) >= 150);
        }
    }
}

TEST_CASE("connections that arrive while serve() is being stopped are closed") {
    const auto before = open_descriptors();
    for (const char* mask : {"", "defer_taskrun"}) {
        CAPTURE(mask);
        on_shard(masked(mask), [](shard& here) -> task<> {
            for (int round = 0; round < 50; ++round) {
                std::vector<int> sockets;
                const auto guests = [&](endpoint where) -> task<> {
                    for (int i = 0; i < round % 4; ++i) {
                        co_await nop(here);
                    }
                    for (int i = 0; i < 5; ++i) {
                        sockets.push_back(knock(where));
                    }
                    for (int i = 0; i < round % 3; ++i) {
                        co_await nop(here);
                    }
                };
                const auto ended = co_await serve_while(here, guests);
                CHECK(ended);
                for (const int each : sockets) {
                    char byte = 0;
                    CHECK(::recv(each, &byte, 1, 0) <= 0);  // nobody keeps the other end
                    ::close(each);
                }
            }
        });
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a multishot accept that runs out of descriptors pauses and goes on, without spinning") {
    accept_faults kernel;
    auto with = quiet();
    with.ring_kernel = &kernel;
    int reports = 0;
    with.error = [&](std::error_code, std::string_view) { ++reports; };
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const auto guests = [&](endpoint where) -> task<> {
            kernel.errors = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
            for (int i = 0; i < 3; ++i) {
                tcp_stream stream(here, knock(where), stream_options());
                co_await ask(stream);
            }
            CHECK(kernel.errors.empty());
        };
        const auto ended = co_await serve_while(here, guests);
        CHECK(ended);
        CHECK(here.counters().turns < 1'000);
    });
    CHECK(reports == 1);
}
