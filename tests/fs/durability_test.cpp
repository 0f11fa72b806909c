// What a write promises about the disk, and what becomes of a file whose sync failed.
#include "forwarding_calls.hpp"
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "op/watching_ring.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <linux/fs.h>

#include <cerrno>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

constexpr auto made = open_mode::read_write | open_mode::create;

// The kernel of a disk that fails: syncs and durable writes end with EIO as long as it does.
class failing_disk final : public test::forwarding_calls {
public:
    result<void> fsync(int descriptor, bool data_only) noexcept override {
        ++syncs;
        return fails ? failure(EIO) : forwarding_calls::fsync(descriptor, data_only);
    }
    result<std::size_t> pwritev2(int descriptor, std::span<const iovec> from, std::uint64_t at,
                                 int flags) noexcept override {
        flags_seen = flags;
        return fails && flags != 0 ? failure(EIO)
                                   : forwarding_calls::pwritev2(descriptor, from, at, flags);
    }
    bool fails = false;
    int syncs = 0;
    int flags_seen = -1;
};

bool is_write(const io_uring_sqe& one) {
    return one.opcode == abi::op_write || one.opcode == abi::op_writev ||
           one.opcode == abi::op_write_fixed || one.opcode == abi::op_writev_fixed;
}

std::error_code error_of(const result<void>& done) {
    return done ? std::error_code() : done.error();
}

}  // namespace

TEST_CASE("a durable write carries the flag of its promise, whatever its opcode and its parts") {
    for (const auto mask : {"", "write_fixed,writev_fixed", "write", "writev"}) {
        CAPTURE(mask);
        test::watching_ring ring;
        auto with = test::masked(mask);
        with.ring_kernel = &ring;
        on_shard(with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await file::open(here, scratch / "file", made);
            auto pages = co_await here.pages().take(2);
            REQUIRE((on && pages));
            auto bytes = pages->first(8192);
            for (const auto keep : {durability::none, durability::data, durability::full}) {
                ring.seen.clear();
                const auto put = co_await on->write_all_at(0, bytes, nullptr, keep);
                CHECK(put == 8192);
                const auto once = co_await on->write_at(4096, bytes.first(4096), keep);
                CHECK(once == 4096);
                std::vector<int> flags;
                for (const auto& one : ring.seen) {
                    if (is_write(one)) {
                        flags.push_back(one.rw_flags);
                    }
                }
                const int expected = keep == durability::none   ? 0
                                     : keep == durability::data ? RWF_DSYNC
                                                                : RWF_SYNC;
                CHECK(flags == std::vector<int>(2, expected));
            }
        });
    }
}

TEST_CASE("a thread's durable write carries it too, and all of its bytes arrive, cut views' too") {
    failing_disk calls;
    options with;
    with.calls = &calls;
    on_shard(with, [&](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await file::open(here, scratch / "file", made);
        REQUIRE(on.has_value());
        auto bytes = test::random_bytes(100'000, 7);
        std::vector<area> entries;
        for (std::size_t at = 0; at < bytes.size(); at += 100) {
            entries.push_back({&bytes[at], 100});
        }
        const auto all = areas(std::span(entries));
        std::size_t moved = 0;
        CHECK(co_await on->write_all_by_thread(0, all, &moved) == bytes.size());
        CHECK(moved == bytes.size());
        CHECK(calls.flags_seen == 0);
        const auto cut = all.skip(50).first(90'000);
        CHECK(co_await on->write_all_by_thread(50, cut, &moved, durability::data) == 90'000);
        CHECK(calls.flags_seen == RWF_DSYNC);
        CHECK(test::bytes_of(scratch / "file") == bytes);
        std::vector<std::byte> read(bytes.size() + 10);
        CHECK(co_await on->read_exactly_by_thread(0, std::span(read), &moved) == bytes.size());
        read.resize(bytes.size());
        CHECK(read == bytes);
    });
}

TEST_CASE("after a sync that failed every later sync fails, and so does close") {
    for (const bool by_ring : {true, false}) {
        CAPTURE(by_ring);
        failing_disk calls;
        test::meddling_ring ring;
        auto with = test::masked(by_ring ? "" : "fsync");
        with.calls = &calls;
        with.ring_kernel = &ring;
        on_shard(with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await file::open(here, scratch / "file", made);
            REQUIRE(on.has_value());
            CHECK((co_await on->sync()).has_value());
            if (here.known().has(feature::fsync)) {
                ring.answers = {-EIO};
            }
            calls.fails = true;
            CHECK(error_of(co_await on->data_sync()) == std::errc::io_error);
            calls.fails = false;  // the kernel has told it once, and would now say that all is well
            const int syncs = calls.syncs;
            CHECK(error_of(co_await on->data_sync()) == std::errc::io_error);
            CHECK(error_of(co_await on->sync()) == std::errc::io_error);
            CHECK(error_of(co_await on->sync(durability::full)) == std::errc::io_error);
            CHECK(error_of(co_await on->sync_range(0, 0)) == std::errc::io_error);
            CHECK(!error_of(co_await on->sync(durability::none)));
            CHECK(calls.syncs == syncs);
            auto moved = std::move(*on);
            CHECK(error_of(co_await moved.sync()) == std::errc::io_error);
            CHECK(error_of(co_await moved.close()) == std::errc::io_error);
            CHECK(!moved.is_open());
            auto anew = co_await file::open(here, scratch / "file", made);
            REQUIRE(anew.has_value());
            CHECK((co_await anew->sync()).has_value());
            CHECK((co_await anew->close()).has_value());
        });
    }
}

TEST_CASE("a durable write that the disk refused marks the file as a failed sync does") {
    for (const bool by_ring : {true, false}) {
        CAPTURE(by_ring);
        failing_disk calls;
        test::meddling_ring ring;
        options with;
        with.calls = &calls;
        with.ring_kernel = &ring;
        on_shard(with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto on = co_await file::open(here, scratch / "file", made);
            REQUIRE(on.has_value());
            const auto text = areas::for_write("kept");
            if (here.known().has(feature::fsync)) {
                ring.answers = {-EIO};
                const auto put = co_await on->write_all_at(0, text, nullptr, durability::data);
                CHECK(put.error() == std::errc::io_error);
            } else {
                calls.fails = true;
                const auto put =
                    co_await on->write_all_by_thread(0, text, nullptr, durability::data);
                CHECK(put.error() == std::errc::io_error);
            }
            CHECK(error_of(co_await on->sync()) == std::errc::io_error);
            CHECK(error_of(co_await on->close()) == std::errc::io_error);
        });
    }
}

TEST_CASE("a sync that was cancelled, or makes no sense, marks nothing") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto on = co_await file::open(here, scratch / "file", made);
        REQUIRE(on.has_value());
        std::error_code told;
        auto body = [&](children& kids) -> task<> {
            kids.request_stop();
            told = error_of(co_await on->sync());
        };
        co_await scope(body);
        CHECK(told == std::errc::operation_canceled);
        CHECK((co_await on->sync()).has_value());
        auto pipe = test::make_pipe();
        auto end = file::adopt(here, pipe.in.release());
        REQUIRE(end.has_value());
        CHECK(error_of(co_await end->sync()) == std::errc::invalid_argument);
        CHECK((co_await end->close()).has_value());
    });
}
