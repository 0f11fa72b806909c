#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/op/accept.hpp>
#include <pelton/runtime/op/link.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/op/sync.hpp>
#include <pelton/runtime/outcome/deadline_passed.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <doctest/doctest.h>

#include <poll.h>

#include <chrono>
#include <optional>
#include <vector>

using namespace pelton;
using namespace std::chrono_literals;

namespace {

areas view_of(std::vector<std::byte>& bytes) {
    return {std::span(bytes)};
}

// Two SQEs fit, three do not.
struct bench {
    bench() : ends(test::make_pipe()), reads(ends.out.get()), writes(ends.in.get()) {}
    test::two_ends ends;
    target reads;
    target writes;
};

transfer write_to(shard& here, target& on, std::vector<std::byte>& bytes) {
    return {here, direction::writing, on, view_of(bytes), target::no_position};
}
transfer read_from(shard& here, target& on, std::vector<std::byte>& bytes) {
    return {here, direction::reading, on, view_of(bytes), target::no_position};
}

}  // namespace

TEST_CASE("linked operations run in order, and each yields its own result") {
    const test::scratch_directory where;
    test::on_shard(options{}, [&](shard& here) -> task<> {
        auto bytes = test::random_bytes(5'000, 1);
        auto again = std::vector<std::byte>(6'000);
        const test::descriptor made(test::required(
            ::open((where / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open"));
        target file(made.get());
        const auto [written, synced, read] =
            co_await link(transfer(here, direction::writing, file, view_of(bytes), 0),
                          sync_operation(here, file, true),
                          transfer(here, direction::reading, file, view_of(again), 0));
        CHECK(written.value() == 5'000);
        CHECK(synced);
        CHECK(read.value() == 5'000);
        again.resize(5'000);
        CHECK(again == bytes);
    });
}

TEST_CASE("what follows a member that fails or is short is cancelled, unless linked hard") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        bench some;
        target closed;
        auto bytes = test::random_bytes(10, 2);
        auto more = std::vector<std::byte>(20);
        {
            const auto [first, second, third] =
                co_await link(nop(here), write_to(here, closed, bytes), nop(here));
            CHECK(first);
            CHECK(second.error() == std::errc::bad_file_descriptor);
            CHECK(third.error() == std::errc::operation_canceled);
        }
        CHECK((co_await write_to(here, some.writes, bytes)).value() == 10);
        {
            const auto [short_read, after] =
                co_await link(read_from(here, some.reads, more), nop(here));
            CHECK(short_read.value() == 10);
            CHECK(after.error() == std::errc::operation_canceled);
        }
        CHECK((co_await write_to(here, some.writes, bytes)).value() == 10);
        {
            const auto [short_read, after] =
                co_await link_hard(read_from(here, some.reads, more), nop(here));
            CHECK(short_read.value() == 10);
            CHECK(after);
        }
    });
}

TEST_CASE("a chain longer than the SQ is E2BIG at once; one that just fits waits for its room") {
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        const auto sqes = here.queues().counters().sqes;
        const auto [a, b, c] = co_await link(nop(here), nop(here), nop(here));
        CHECK(a.error() == std::errc::argument_list_too_long);
        CHECK(b.error() == std::errc::argument_list_too_long);
        CHECK(c.error() == std::errc::argument_list_too_long);
        CHECK(here.queues().counters().sqes == sqes);
        int done = 0;
        auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < 100; ++i) {
                kids.spawn([&]() -> task<> {
                    const auto [one, two] = co_await link(nop(here), nop(here));
                    done += one && two ? 1 : 0;
                });
                kids.spawn([&]() -> task<> { done += co_await nop(here) ? 1 : 0; });
            }
            co_return;
        };
        co_await scope(body);
        CHECK(done == 200);
    });
}

TEST_CASE("a member that is refused before the kernel sees it keeps the chain from starting") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        bench some;
        target direct(some.ends.in.get(), false, direct_alignment{512, 512});
        auto bytes = test::random_bytes(10, 3);
        const auto [before, refused, after] = co_await link(
            nop(here), transfer(here, direction::writing, direct, view_of(bytes), 0), nop(here));
        CHECK(before.error() == std::errc::operation_canceled);
        CHECK(refused.error() == std::errc::invalid_argument);
        CHECK(after.error() == std::errc::operation_canceled);
    });
}

namespace {

template <class Results>
int cancelled_after_first(const Results& all) {
    CHECK(std::get<0>(all));
    CHECK(std::get<1>(all).error() == std::errc::operation_canceled);
    CHECK(std::get<2>(all).error() == std::errc::operation_canceled);
    return 1;
}

// Stops `waits`, which returns a task, once the kernel has what it waits in.
template <class Waits>
task<> stop_in_kernel(shard& here, Waits& waits) {
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&] { return waits(); });
        co_await nop(here);
        co_await nop(here);
        kids.request_stop();
    };
    co_await scope(body);
}

}  // namespace

TEST_CASE("a stop request ends the chain at the member that runs, soft or hard") {
    for (const auto kind : {links::soft, links::hard}) {
        CAPTURE(static_cast<int>(kind));
        test::on_shard(options{}, [kind](shard& here) -> task<> {
            bench some;
            bench other;
            auto memory = std::vector<std::byte>(20);
            auto more = std::vector<std::byte>(20);
            int ended = 0;
            auto waits = [&]() -> task<> {
                auto first = nop(here);
                auto second = read_from(here, some.reads, memory);
                auto third = read_from(here, other.reads, more);
                if (kind == links::soft) {
                    ended += cancelled_after_first(co_await link(first, second, third));
                } else {
                    ended += cancelled_after_first(co_await link_hard(first, second, third));
                }
            };
            co_await stop_in_kernel(here, waits);
            CHECK(ended == 1);
            CHECK(here.completions().in_flight() == 0);
        });
    }
}

TEST_CASE("a chain that waits for room is stopped there, and nothing of it reaches the kernel") {
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        int stopped = 0;
        std::uint64_t sqes = 0;
        auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < 20; ++i) {
                kids.spawn([&]() -> task<> {
                    const auto [one, two] = co_await link(nop(here), nop(here));
                    if (!one) {
                        CHECK(one.error() == std::errc::operation_canceled);
                        CHECK(two.error() == std::errc::operation_canceled);
                        ++stopped;
                    }
                });
            }
            co_await nop(here);  // queues behind them
            sqes = here.queues().counters().sqes;
            kids.request_stop();
        };
        auto queue_up = [&](children& kids) -> task<> {
            kids.spawn([&] { return scope(body); });
            kids.spawn([&]() -> task<> { static_cast<void>(co_await nop(here)); });
            co_return;
        };
        co_await scope(queue_up);
        // And at once: the strand was stopped before.
        auto late = [&](children& kids) -> task<> {
            kids.request_stop();
            const auto [one, two] = co_await link(nop(here), nop(here));
            CHECK(one.error() == std::errc::operation_canceled);
            CHECK(two.error() == std::errc::operation_canceled);
        };
        const auto before = here.queues().counters().sqes;
        co_await scope(late);
        CHECK(here.queues().counters().sqes == before);
    });
}

TEST_CASE("stop requests while chains queue in a full ring lose none of their ends") {
    test::on_shard(test::narrow(), [](shard& here) -> task<> {
        bench some;
        int ended = 0;
        int unstarted = 0;
        std::array<std::vector<std::byte>, 12> memory;
        auto body = [&](children& kids) -> task<> {
            for (auto& each : memory) {
                each.resize(8);
                kids.spawn([&]() -> task<> {
                    const auto [one, two] =
                        co_await link(poll_operation(here, some.ends.out.get(), POLLIN), nop(here));
                    CHECK(one.error() == std::errc::operation_canceled);
                    CHECK(two.error() == std::errc::operation_canceled);
                    ++ended;
                });
            }
            co_await yield();
            co_await yield();
            unstarted = here.completions().has_queued() ? 1 : 0;
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(ended == 12);
        CHECK(here.completions().in_flight() == 0);
        CHECK(co_await nop(here));
    });
}

TEST_CASE("a deadline ends a chain, and says so for the member that ran") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        bench some;
        auto memory = std::vector<std::byte>(20);
        auto chained = [&]() -> task<result<std::size_t>> {
            const auto [read, after] =
                co_await link(read_from(here, some.reads, memory), nop(here));
            CHECK(after.error() == std::errc::operation_canceled);
            co_return read;
        };
        const auto got = co_await with_timeout(1ms, chained());
        CHECK(got.error() == deadline_passed());
    });
}

TEST_CASE("a chain whose members need more scratch than a ring has is an error, not an end") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        if (!here.known().has(feature::writev)) {
            pelton_test::skip("without WRITEV a transfer is one area, and needs no scratch");
            co_return;
        }
        bench some;
        auto bytes = test::random_bytes(4'096, 4);
        std::vector<area> entries;
        for (std::size_t i = 0; i < 1'024; ++i) {
            entries.push_back({bytes.data() + 4 * i, 3});
        }
        const auto cut = areas(std::span<const area>(entries)).skip(1);
        auto one = [&] {
            return transfer(here, direction::writing, some.writes, cut, target::no_position);
        };
        auto a = one();
        auto b = one();
        auto c = one();
        auto d = one();
        auto e = one();
        const auto [r1, r2, r3, r4, r5] = co_await link(a, b, c, d, e);
        REQUIRE((!r1 && !r5));
        CHECK(r1.error() == std::errc::no_buffer_space);
        CHECK(r5.error() == std::errc::no_buffer_space);
        CHECK(co_await nop(here));
    });
}
