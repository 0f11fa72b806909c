// Operations by the thousand on rings of 2 entries, on the real kernel and with bad luck.
#include "faulty_ring.hpp"
#include "fixture.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

task<int> nops(shard& here, int count) {
    int done = 0;
    for (int i = 0; i < count; ++i) {
        done += co_await nop(here) ? 1 : 0;
    }
    co_return done;
}

task<int> nops_of_many(shard& here, int tasks, int each) {
    std::vector<task<int>> many;
    for (int i = 0; i < tasks; ++i) {
        many.push_back(nops(here, each));
    }
    int done = 0;
    for (const int one : co_await when_all(std::move(many))) {
        done += one;
    }
    co_return done;
}

task<> until_cancelled(shard& here, int reader, int& cancelled) {
    const auto got = co_await pipe_read(here, reader);
    cancelled += got.error() == std::errc::operation_canceled ? 1 : 0;
}

}  // namespace

TEST_CASE("10,000 operations of 1,000 tasks complete on a ring of 2 entries") {
    on_shard([](shard& here) -> task<> {
        CHECK(co_await nops_of_many(here, 1'000, 10) == 10'000);
        const auto& ring = here.queues().counters();
        CHECK(ring.sqes == 10'000);
        CHECK(ring.cqes == 10'000);
        CHECK(ring.overflows == 0);
        CHECK(ring.enters >= 5'000);
        CHECK(here.completions().counters().room_waits > 900);
        CHECK(here.completions().in_flight() == 0);
    });
}

TEST_CASE("everything completes when enters are short, interrupted, or refused for now") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        faulty_ring kernel(seed);
        auto with = tiny();
        with.ring_kernel = &kernel;
        on_shard(with, [](shard& here) -> task<> {
            CHECK(co_await nops_of_many(here, 50, 20) == 1'000);
            const auto& ring = here.queues().counters();
            CHECK(ring.sqes == 1'000);
            CHECK(ring.cqes == 1'000);
            CHECK(ring.enter_retries > 0);
            CHECK(ring.short_enters > 0);
            CHECK(ring.overflows == 0);
        });
        CHECK(kernel.short_enters() > 0);
    }
}

TEST_CASE("a read that is pending on an empty pipe is cancelled in the kernel") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        int cancelled = 0;
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&] { return until_cancelled(here, silent.reader(), cancelled); });
            for (int i = 0; i < 3; ++i) {
                CHECK(co_await nop(here));
            }
            CHECK(cancelled == 0);
            kids.request_stop();
        };
        co_await scope(family);
        CHECK(cancelled == 1);
        CHECK(here.completions().counters().cancels == 1);
    });
}

TEST_CASE("a stop request ends pending reads that take all the room of the CQ") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        int cancelled = 0;
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < 30; ++i) {
                kids.spawn([&] { return until_cancelled(here, silent.reader(), cancelled); });
            }
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(co_await yield());
            }
            kids.request_stop();
        };
        co_await scope(family);
        CHECK(cancelled == 30);
        CHECK(here.queues().counters().overflows == 0);
    });
}

TEST_CASE("pending reads are cancelled through a ring with bad luck") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        faulty_ring kernel(seed);
        auto with = tiny();
        with.ring_kernel = &kernel;
        on_shard(with, [](shard& here) -> task<> {
            const pipe_ends silent;
            int cancelled = 0;
            auto family = [&](children& kids) -> task<> {
                for (int i = 0; i < 5; ++i) {
                    kids.spawn([&] { return until_cancelled(here, silent.reader(), cancelled); });
                }
                CHECK(co_await nops_of_many(here, 1, 10) == 10);
                kids.request_stop();
            };
            co_await scope(family);
            CHECK(cancelled == 5);
        });
    }
}

TEST_CASE("no byte is lost when reads are cancelled while their bytes come") {
    on_shard([](shard& here) -> task<> {
        pipe_ends busy;
        std::size_t written = 0;
        std::size_t read = 0;
        for (int round = 0; round < 300; ++round) {
            auto read_some = [&]() -> task<> {
                while (auto got = co_await pipe_read(here, busy.reader())) {
                    read += *got;
                }
            };
            auto family = [&](children& kids) -> task<> {
                kids.spawn(read_some);
                kids.spawn(read_some);
                for (int i = 0; i < round % 5; ++i) {
                    static_cast<void>(co_await yield());
                }
                busy.write("abc");
                written += 3;
                if (round % 2 == 0) {
                    CHECK(co_await nop(here));
                }
                kids.request_stop();
            };
            co_await scope(family);
        }
        busy.close_writer();
        for (;;) {
            const auto rest = co_await pipe_read(here, busy.reader());
            REQUIRE(rest);
            if (*rest == 0) {
                break;
            }
            read += *rest;
        }
        CHECK(read == written);
    });
}

TEST_CASE("the doorbell is heard when pending reads take all the room of the CQ") {
    on_shard([](shard& here) -> task<> {
        pipe_ends silent;
        int ended = 0;
        auto read = [&]() -> task<> {
            const auto got = co_await pipe_read(here, silent.reader());
            ended += got && *got == 0 ? 1 : 0;
        };
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < 30; ++i) {
                kids.spawn(read);
            }
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(co_await yield());
            }
            auto nothing = [] {};
            co_await offload(here, nothing);
            silent.close_writer();
        };
        co_await scope(family);
        CHECK(ended == 30);
        CHECK(here.queues().counters().overflows == 0);
    });
}

TEST_CASE("a doorbell that opens while the SQ is full is heard") {
    on_shard([](shard& here) -> task<> {
        pipe_ends silent;
        int ended = 0;
        auto read = [&]() -> task<> {
            const auto got = co_await pipe_read(here, silent.reader());
            ended += got && *got == 0 ? 1 : 0;
        };
        auto close_elsewhere = [&]() -> task<> {
            auto close = [&silent] { silent.close_writer(); };
            co_await offload(here, close);
        };
        auto hear = [&]() -> task<> {
            auto nothing = [] {};
            co_await offload(here, nothing);
            co_await close_elsewhere();
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn(read);
            kids.spawn(read);
            kids.spawn(hear);
            co_return;
        };
        co_await scope(family);
        CHECK(ended == 2);
    });
}
