// Waiting for a foreign descriptor again and again: by one operation or by many, in a ring of two
// entries, left early, stopped, and of a descriptor that somebody else keeps busy.
#include "recording_ring.hpp"
#include "skip.hpp"
#include "unix_fixture.hpp"

#include <pelton/runtime/net/readiness_stream.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/task/shield.hpp>

#include <sys/eventfd.h>

#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

struct way {
    const char* mask;
    unsigned records;
    bool one;  // operation for all of it
};
constexpr std::array ways{way{"", 8, true}, way{"poll_multishot", 8, false}, way{"", 0, false}};

options with_ring(recording_ring& kernel, const way& by) {
    auto with = masked(by.mask);
    with.ring_kernel = &kernel;
    with.ring.sq_entries = 2;
    with.lasting_records = by.records;
    return with;
}

class counter {
public:
    counter() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { REQUIRE(descriptor_ >= 0); }
    counter(const counter&) = delete;
    counter& operator=(const counter&) = delete;
    ~counter() { ::close(descriptor_); }
    int descriptor() const noexcept { return descriptor_; }
    void add() const { REQUIRE(::eventfd_write(descriptor_, 1) == 0); }
    eventfd_t take() const {
        eventfd_t value = 0;
        return ::eventfd_read(descriptor_, &value) == 0 ? value : 0;
    }

private:
    int descriptor_;
};

task<> turns(shard& here, int count) {
    for (int i = 0; i < count; ++i) {
        co_await nop(here);
    }
}

task<> none_left(shard& here) {
    while (here.lasting().used() > 0) {
        co_await nop(here);
    }
}

}  // namespace

TEST_CASE("one poll tells of many changes, or one each where it is masked or finds no record") {
    for (const auto& by : ways) {
        CAPTURE(by.mask);
        CAPTURE(by.records);
        recording_ring kernel;
        bool known = false;
        on_shard(with_ring(kernel, by), [&](shard& here) -> task<> {
            known = here.queues().has(feature::poll_multishot);
            const counter events;
            eventfd_t taken = 0;
            const auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    readiness_stream changes(here, events.descriptor(), readiness::readable);
                    while (taken < 100) {
                        const auto came = co_await changes.next();
                        CHECK(came.value() == readiness::readable);
                        taken += events.take();
                    }
                });
                for (int i = 0; i < 100; ++i) {
                    co_await turns(here, 3);
                    events.add();
                }
            };
            co_await scope(body);
            CHECK(taken == 100);
            co_await none_left(here);
        });
        const auto polls = kernel.count(abi::op_poll_add);
        CHECK((by.one && known ? polls < 10 : polls >= 50));
    }
}

TEST_CASE("what changes between two waits is told by the next one, all at once") {
    for (const auto& by : ways) {
        CAPTURE(by.mask);
        recording_ring kernel;
        on_shard(with_ring(kernel, by), [&](shard& here) -> task<> {
            auto pair = co_await connected(here);
            const int end = pair.server.descriptor();
            readiness_stream changes(here, end, readiness::readable | readiness::peer_ended);
            const auto sent = co_await pair.client.send_all(areas::for_write("a"));
            CHECK(sent);
            const auto readable = co_await changes.next();
            CHECK(readable.value() == readiness::readable);
            REQUIRE(pair.client.shutdown(half::sending));
            co_await turns(here, 10);
            const auto ended = co_await changes.next();
            CHECK(has(ended.value(), readiness::peer_ended));
        });
    }
}

TEST_CASE("what holds already is told at once; no descriptor is an error, each time") {
    for (const auto& by : ways) {
        CAPTURE(by.mask);
        recording_ring kernel;
        on_shard(with_ring(kernel, by), [&](shard& here) -> task<> {
            const counter events;
            events.add();
            readiness_stream changes(here, events.descriptor(), readiness::readable);
            const auto came = co_await changes.next();
            CHECK(came.value() == readiness::readable);
            readiness_stream none(here, -1, readiness::readable);
            for (int i = 0; i < 3; ++i) {
                const auto seen = co_await none.next();
                CHECK(seen.error() == std::errc::bad_file_descriptor);
            }
        });
    }
}

TEST_CASE("a stream of readiness that is left early is cancelled, and lets go of the file") {
    recording_ring kernel;
    on_shard(with_ring(kernel, ways[0]), [&](shard& here) -> task<> {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        {
            readiness_stream changes(here, ends[1], readiness::writable);
            const auto came = co_await changes.next();
            CHECK(came.value() == readiness::writable);
        }
        ::close(ends[1]);
        co_await none_left(here);
        // Nobody has the writing end any more.
        const auto ended = co_await poll(here, ends[0], readiness::readable);
        CHECK(has(ended.value(), readiness::hung_up));
        ::close(ends[0]);
    });
}

TEST_CASE("streams of readiness that wait are stopped, more of them than the ring holds") {
    for (const auto& by : ways) {
        CAPTURE(by.mask);
        CAPTURE(by.records);
        recording_ring kernel;
        on_shard(with_ring(kernel, by), [&](shard& here) -> task<> {
            constexpr int waits = 50;
            const counter events;
            int stopped = 0;
            int again = 0;
            const auto body = [&](children& kids) -> task<> {
                for (int i = 0; i < waits; ++i) {
                    kids.spawn([&]() -> task<> {
                        readiness_stream changes(here, events.descriptor(), readiness::readable);
                        const auto seen = co_await changes.next();
                        stopped += !seen && seen.error() == std::errc::operation_canceled ? 1 : 0;
                        // Of what comes after that nothing is lost.
                        const auto later = co_await shield(changes.next());
                        again += later && has(*later, readiness::readable) ? 1 : 0;
                    });
                }
                co_await turns(here, waits);
                kids.request_stop();
                while (stopped < waits) {
                    static_cast<void>(co_await yield());
                }
                events.add();
            };
            co_await scope(body);
            CHECK(stopped == waits);
            CHECK(again == waits);
            co_await none_left(here);
        });
    }
}

TEST_CASE(
    "a descriptor that is kept busy while nobody waits keeps the shard busy for a while only") {
    recording_ring kernel;
    on_shard(with_ring(kernel, ways[0]), [&](shard& here) -> task<> {
        if (!here.queues().has(feature::poll_multishot)) {
            pelton_test::skip("the kernel has no multishot poll");
            co_return;
        }
        const counter events;
        readiness_stream changes(here, events.descriptor(), readiness::readable);
        events.add();
        const auto first = co_await changes.next();
        CHECK(first);
        for (int i = 0; i < 200; ++i) {
            events.add();
            co_await turns(here, 2);
        }
        std::size_t told = 0;
        for (const auto& each : kernel.cqes) {
            told += each.res == static_cast<int>(POLLIN) ? 1 : 0;
        }
        CHECK(told < 2 * poll_events::untaken_max);
        CHECK(events.take() == 201);
        const auto kept = co_await changes.next();
        CHECK(kept.value() == readiness::readable);
        events.add();
        const auto next = co_await changes.next();
        CHECK(next.value() == readiness::readable);
        CHECK(events.take() == 1);
    });
}
