// What statx(2) tells, by name and of an open file.
#include "forwarding_calls.hpp"
#include "fs/ways.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <chrono>
#include <string>

using namespace pelton;
using test::every_way;
using test::on_shard;

TEST_CASE("metadata by name is what stat(2) tells, with or without following a link") {
    every_way("statx", 3, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", test::random_bytes(5000, 1));
        test::required(::symlink("file", (scratch / "link").c_str()), "symlink");
        struct stat raw{};
        test::required(::stat(path.c_str(), &raw), "stat");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        const auto known = co_await where->stat("link", {}, chosen);
        REQUIRE(known.has_value());
        CHECK(known->type == file_type::regular);
        CHECK(known->bytes == 5000);
        CHECK(known->inode == raw.st_ino);
        CHECK(known->device == raw.st_dev);
        CHECK(known->changed.tv_nsec == raw.st_ctim.tv_nsec);
        stat_options itself;
        itself.follow = false;
        const auto link = co_await where->stat("link", itself, chosen);
        REQUIRE(link.has_value());
        CHECK(link->type == file_type::symbolic_link);
        const auto none = co_await where->stat("none", {}, chosen);
        CHECK(none.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("what was asked for is told, and what a file system does not know is said not to be") {
    every_way("statx", 2, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", {});
        auto on = co_await file::open(here, path, open_mode::read);
        REQUIRE(on.has_value());
        const auto all = co_await on->stat(stat_field::everything, chosen);
        REQUIRE(all.has_value());
        CHECK(has(all->told, stat_field::type | stat_field::bytes | stat_field::inode));
        CHECK((all->mount != 0) == has(all->told, stat_field::mount));
        CHECK((all->direct.offset != 0) <= has(all->told, stat_field::direct));
        stat_options fresh;
        fresh.wanted = stat_field::bytes;
        fresh.how_fresh = freshness::asked;
        const auto by_path = co_await directory::current(here).stat(path, fresh, chosen);
        REQUIRE(by_path.has_value());
        CHECK(has(by_path->told, stat_field::bytes));
    });
}

TEST_CASE(
    "a deadline can stand around any of them, and one that has ended in time is not timed out") {
    for (const auto chosen : {via::ring, via::thread}) {
        on_shard([chosen](shard& here) -> task<> {
            using namespace std::chrono_literals;
            const test::scratch_directory scratch;
            const auto where = co_await directory::open(here, scratch.path());
            REQUIRE(where.has_value());
            const auto known = co_await with_timeout(1h, where->stat(".", {}, chosen));
            REQUIRE(known.has_value());
            CHECK(known->type == file_type::directory);
            auto entries = where->entries();
            const auto end = co_await with_timeout(1h, entries.next());
            REQUIRE(end.has_value());
            CHECK(!end->has_value());
        });
    }
}

TEST_CASE("opening a second file of a mount asks statx(2) once, and the file system nothing") {
    class counting_calls final : public test::forwarding_calls {
    public:
        result<void> statx(int at, const char* path, int flags, unsigned mask,
                           struct statx& into) noexcept override {
            ++stats;
            never_asks_a_server = never_asks_a_server && (flags & AT_STATX_DONT_SYNC) != 0;
            return forwarding_calls::statx(at, path, flags, mask, into);
        }
        result<void> fstatfs(int descriptor, struct statfs& into) noexcept override {
            ++systems;
            return forwarding_calls::fstatfs(descriptor, into);
        }
        result<int> status_flags(int descriptor) noexcept override {
            ++flag_reads;
            return forwarding_calls::status_flags(descriptor);
        }
        int stats = 0;
        int systems = 0;
        int flag_reads = 0;
        bool never_asks_a_server = true;
    };
    for (const auto* base : {".", "/dev/shm"}) {
        counting_calls calls;
        options with;
        with.calls = &calls;
        on_shard(with, [&](shard& here) -> task<> {
            const test::scratch_directory scratch(base);
            const auto path = test::make_file(scratch / "file", {});
            CHECK((co_await file::open(here, path, open_mode::read)).has_value());
            CHECK(calls.systems <= 1);
            const int before = calls.systems;
            CHECK((co_await file::open(here, path, open_mode::read)).has_value());
            const auto known = co_await directory::current(here).stat(
                path, {stat_field::mount, true, freshness::cached}, via::ring);
            if (known->mount != 0) {  // Linux 6.8
                CHECK(calls.systems == before);
            }
            CHECK(calls.stats == (here.known().has(feature::statx) ? 2 : 3));
            CHECK(calls.flag_reads == 0);
            CHECK(calls.never_asks_a_server);
        });
    }
}
