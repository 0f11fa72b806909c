// Transfers that must not wait, and those whose bytes are not to stay in the page cache.
#include "op/flag_ring.hpp"
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/op/link.hpp>
#include <pelton/runtime/op/sync.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

#include <linux/fs.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

constexpr auto made = open_mode::read_write | open_mode::create;
constexpr unsigned dont_cache = 0x80;  // RWF_DONTCACHE, younger than the system's headers

// What a wish for dont_cache comes to on this kernel, or with this mask.
unsigned wished(shard& here) {
    return here.known().has(feature::dont_cache) ? dont_cache : 0;
}

}  // namespace

TEST_CASE("a transfer carries the flags of its manner, those of its durability beside them") {
    for (const auto mask : {"", "read_fixed,write_fixed", "read,write", "dont_cache"}) {
        CAPTURE(mask);
        test::flag_ring ring;
        ring.unneeded = dont_cache;
        auto with = test::narrow(mask);
        with.ring_kernel = &ring;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await file::open(here, scratch / "file", made);
            auto pages = co_await here.pages().take(2);
            REQUIRE((on && pages));
            const auto bytes = pages->first(8192);
            ring.transfers.clear();
            CHECK(co_await on->write_at(0, bytes, durability::none, manner::dont_cache) == 8192);
            CHECK(co_await on->write_all_at(0, bytes, nullptr, durability::data,
                                            manner::dont_cache) == 8192);
            CHECK(co_await on->read_at(0, bytes, manner::dont_cache) == 8192);
            CHECK(co_await on->read_exactly_at(0, bytes, nullptr, manner::dont_cache) == 8192);
            CHECK(co_await on->read_at(0, bytes) == 8192);
            const auto wish = wished(here);
            CHECK(ring.flags_seen() ==
                  std::vector<unsigned>{wish, wish | RWF_DSYNC, wish, wish, 0});
        });
    }
}

TEST_CASE("a file that refuses dont_cache is asked once, and all bytes arrive the ordinary way") {
    test::flag_ring ring;
    ring.refused = dont_cache;
    auto with = test::narrow();
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await file::open(here, scratch / "file", made);
        REQUIRE(on.has_value());
        ring.transfers.clear();
        auto bytes = test::random_bytes(10'000, 3);
        std::size_t moved = 0;
        CHECK(co_await on->write_all_at(0, std::span(bytes), &moved, durability::none,
                                        manner::dont_cache) == bytes.size());
        CHECK(moved == bytes.size());
        std::vector<std::byte> read(bytes.size());
        CHECK(co_await on->read_at(0, std::span(read), manner::dont_cache) == bytes.size());
        CHECK(read == bytes);
        auto expected = std::vector<unsigned>{0, 0};
        if (here.known().has(feature::dont_cache)) {
            expected = {dont_cache, 0, 0};
        }
        CHECK(ring.flags_seen() == expected);
        auto moved_on = std::move(*on);
        CHECK(co_await moved_on.read_at(0, std::span(read), manner::dont_cache) == bytes.size());
        CHECK(ring.flags_seen().back() == 0);
        // Another file has not refused yet.
        auto other = co_await file::open(here, scratch / "file", open_mode::read);
        REQUIRE(other.has_value());
        ring.transfers.clear();
        CHECK(co_await other->read_at(0, std::span(read), manner::dont_cache) == bytes.size());
        CHECK(ring.flags_seen().front() == wished(here));
    });
}

TEST_CASE("several transfers at once may each be refused, and each is done") {
    test::flag_ring ring;
    ring.refused = dont_cache;
    auto with = test::narrow();
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await file::open(here, scratch / "file", made);
        REQUIRE(on.has_value());
        auto bytes = test::random_bytes(8 * 4096, 4);
        auto body = [&](children& kids) -> task<> {
            for (std::size_t i = 0; i < 8; ++i) {
                kids.spawn([&, i]() -> task<> {
                    const auto part = std::span(bytes).subspan(i * 4096, 4096);
                    CHECK(co_await on->write_at(i * 4096, part, durability::none,
                                                manner::dont_cache) == 4096);
                });
            }
            co_return;
        };
        co_await scope(body);
        CHECK(test::bytes_of(scratch / "file") == bytes);
    });
}

TEST_CASE("a transfer that was asked to stop is not begun again without dont_cache") {
    test::flag_ring ring;
    ring.refused = dont_cache;
    auto with = test::masked("");
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        if (!here.known().has(feature::dont_cache)) {
            co_return;
        }
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", test::random_bytes(100, 1));
        auto on = co_await file::open(here, path, open_mode::read);
        REQUIRE(on.has_value());
        ring.transfers.clear();
        for (const bool whole : {false, true}) {
            std::vector<std::byte> read(100);
            std::error_code told;
            auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> {
                    const auto got =
                        whole ? co_await on->read_exactly_at(0, std::span(read), nullptr,
                                                             manner::dont_cache)
                              : co_await on->read_at(0, std::span(read), manner::dont_cache);
                    told = got ? std::error_code() : got.error();
                });
                kids.request_stop();
                co_return;
            };
            co_await scope(body);
            CHECK(told == std::errc::operation_canceled);
        }
        CHECK(ring.transfers.size() <= 1);
    });
}

TEST_CASE("in a chain dont_cache is left out, since nothing is submitted again there") {
    test::flag_ring ring;
    ring.refused = dont_cache;
    options with;
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await file::open(here, scratch / "file", made);
        REQUIRE(on.has_value());
        ring.transfers.clear();
        auto bytes = test::random_bytes(100, 1);
        std::vector<std::byte> read(100);
        const auto [put, got] =
            co_await link(on->write_at(0, std::span(bytes), durability::none, manner::dont_cache),
                          on->read_at(0, std::span(read), manner::dont_cache));
        CHECK(put == 100);
        CHECK(got == 100);
        CHECK(read == bytes);
        CHECK(ring.flags_seen() == std::vector<unsigned>{0, 0});
    });
}

TEST_CASE("a transfer that must not wait says that it would, and takes nothing") {
    for (const auto mask : {"", "no_wait"}) {
        CAPTURE(mask);
        on_shard(test::narrow(mask), [](shard& here) -> task<> {
            auto pipe = test::make_pipe();
            auto end = file::adopt(here, pipe.out.release());
            REQUIRE(end.has_value());
            std::vector<std::byte> read(16);
            auto got = co_await end->read_at(0, std::span(read), manner::no_wait);
            REQUIRE(!got.has_value());
            CHECK(got.error() == std::errc::operation_would_block);
            const auto bytes = test::random_bytes(7, 1);
            test::write_fully(pipe.in.get(), bytes);
            // Before 6.4 a pipe cannot tell, and so says the same.
            got = co_await end->read_at(0, std::span(read), manner::no_wait);
            if (!got) {
                CHECK(got.error() == std::errc::operation_would_block);
                got = co_await end->read_at(0, std::span(read));
            }
            REQUIRE(got == 7);
            read.resize(7);
            CHECK(read == bytes);
        });
    }
}

TEST_CASE("where a file or a mask does not tell whether it would wait, it always would") {
    for (const auto mask : {"", "no_wait"}) {
        CAPTURE(mask);
        test::flag_ring ring;
        ring.refused = RWF_NOWAIT;
        auto with = test::masked(mask);
        with.ring_kernel = &ring;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            const auto path = test::make_file(scratch / "file", test::random_bytes(100, 1));
            auto on = co_await file::open(here, path, open_mode::read_write);
            REQUIRE(on.has_value());
            ring.transfers.clear();
            std::vector<std::byte> bytes(100);
            const auto both = manner::no_wait | manner::dont_cache;
            for (const auto how : {manner::no_wait, both}) {
                const auto got = co_await on->read_at(0, std::span(bytes), how);
                CHECK(got.error() == std::errc::operation_would_block);
                const auto put =
                    co_await on->write_all_at(0, std::span(bytes), nullptr, durability::data, how);
                CHECK(put.error() == std::errc::operation_would_block);
            }
            CHECK(ring.transfers.empty() == !here.known().has(feature::no_wait));
        });
    }
}

TEST_CASE("a whole transfer that would wait after a part of it tells how much that was") {
    test::meddling_ring ring;
    options with;
    with.ring_kernel = &ring;
    on_shard(std::move(with), [&](shard& here) -> task<> {
        if (!here.known().has(feature::no_wait)) {
            co_return;
        }
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", test::random_bytes(100, 1));
        auto on = co_await file::open(here, path, open_mode::read);
        REQUIRE(on.has_value());
        ring.answers = {30, -EAGAIN};
        std::vector<std::byte> bytes(100);
        std::size_t moved = 0;
        const auto got = co_await on->read_exactly_at(0, std::span(bytes), &moved, manner::no_wait);
        CHECK(got.error() == std::errc::operation_would_block);
        CHECK(moved == 30);
    });
}
