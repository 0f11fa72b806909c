#include "unix_fixture.hpp"

#include <pelton/runtime/net/poll.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <optional>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a foreign descriptor is waited for until it is ready, and nothing is read from it") {
    on_shard([](shard& here) -> task<> {
        const some_pipe pipe;
        const auto writable = co_await poll(here, pipe.writer(), readiness::writable);
        CHECK(writable.value() == readiness::writable);
        std::optional<readiness> came;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto seen = co_await poll(here, pipe.reader(), readiness::readable);
                came = seen.value();
            });
            co_await nop(here);
            CHECK_FALSE(came);
            CHECK(::write(pipe.writer(), "x", 1) == 1);
        };
        co_await scope(body);
        CHECK(came.value() == readiness::readable);
        char byte = 0;
        CHECK(::read(pipe.reader(), &byte, 1) == 1);
        CHECK(byte == 'x');
    });
}

TEST_CASE("the end of the other side comes unasked") {
    on_shard([](shard& here) -> task<> {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        ::close(ends[1]);
        const auto hung_up = co_await poll(here, ends[0], readiness::readable);
        CHECK(has(hung_up.value(), readiness::hung_up));
        ::close(ends[0]);
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        ::close(ends[0]);
        const auto failed = co_await poll(here, ends[1], readiness::readable);
        CHECK(has(failed.value(), readiness::failed));
        ::close(ends[1]);
        auto pair = co_await connected(here);
        REQUIRE(pair.client.shutdown(half::sending));
        const auto ended = co_await poll(here, pair.server.descriptor(), readiness::peer_ended);
        CHECK(has(ended.value(), readiness::peer_ended));
        CHECK_FALSE(has(*ended, readiness::hung_up));
    });
}

TEST_CASE("an eventfd, a timer and an epoll set can be waited for; no descriptor is an error") {
    on_shard([](shard& here) -> task<> {
        const int event = ::eventfd(1, EFD_CLOEXEC);
        const auto counted = co_await poll(here, event, readiness::readable);
        CHECK(counted.value() == readiness::readable);
        ::close(event);
        const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        const itimerspec soon{{0, 0}, {0, 1'000'000}};
        REQUIRE(::timerfd_settime(timer, 0, &soon, nullptr) == 0);
        const auto fired = co_await poll(here, timer, readiness::readable);
        CHECK(fired.value() == readiness::readable);
        ::close(timer);
        const auto none = co_await poll(here, -1, readiness::readable);
        CHECK(none.error() == std::errc::bad_file_descriptor);
        const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        const auto always = co_await poll(here, file, readiness::readable);
        CHECK(has(always.value(), readiness::readable));
        ::close(file);
    });
}

TEST_CASE("a wait for a foreign descriptor can be stopped, and more of them than the ring holds") {
    auto with = quiet();
    with.ring.sq_entries = 2;
    on_shard(std::move(with), [](shard& here) -> task<> {
        const some_pipe pipe;
        int stopped = 0;
        constexpr int waits = 100;
        const auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < waits; ++i) {
                kids.spawn([&]() -> task<> {
                    const auto seen = co_await poll(here, pipe.reader(), readiness::readable);
                    CHECK(seen.error() == std::errc::operation_canceled);
                    ++stopped;
                });
            }
            for (int i = 0; i < waits; ++i) {
                co_await nop(here);
            }
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(stopped == waits);
    });
}
