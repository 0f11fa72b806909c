// Reading and writing files by position, and everything else a file does.
#include "forwarding_calls.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <span>
#include <string>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

constexpr auto made = open_mode::read_write | open_mode::create;

template <class T>
void expect_error(const result<T>& got, std::errc expected) {
    REQUIRE(!got.has_value());
    CHECK(got.error() == expected);
}

// Counts what goes to a thread.
class watching_calls final : public test::forwarding_calls {
public:
    int syncs = 0;

    result<void> fsync(int descriptor, bool data_only) noexcept override {
        ++syncs;
        return forwarding_calls::fsync(descriptor, data_only);
    }
};

}  // namespace

TEST_CASE("reads stop at the end of the file, and find nothing at it or beyond") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto content = test::random_bytes(1000, 1);
        const auto path = test::make_file(directory / "file", content);
        auto from = co_await file::open(here, path, open_mode::read);
        REQUIRE(from.has_value());
        std::vector<std::byte> memory(100);
        const auto inside = co_await from->read_at(900, std::span(memory));
        REQUIRE(inside.has_value());
        CHECK(*inside == 100);
        CHECK(std::ranges::equal(memory, std::span(content).subspan(900)));
        const auto across = co_await from->read_at(950, std::span(memory));
        REQUIRE(across.has_value());
        CHECK(*across == 50);
        const auto at_end = co_await from->read_at(1000, std::span(memory));
        REQUIRE(at_end.has_value());
        CHECK(*at_end == 0);
        const auto beyond = co_await from->read_at(std::uint64_t{1} << 40, std::span(memory));
        REQUIRE(beyond.has_value());
        CHECK(*beyond == 0);
        const auto exactly = co_await from->read_exactly_at(950, std::span(memory));
        REQUIRE(exactly.has_value());
        CHECK(*exactly == 50);
    });
}

TEST_CASE("a write beyond the end leaves a hole that reads as zeros") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto on = co_await file::open(here, directory / "file", made);
        REQUIRE(on.has_value());
        auto bytes = test::random_bytes(5000, 1);
        std::size_t moved = 0;
        const auto put = co_await on->write_all_at(1'000'000, std::span(bytes), &moved);
        REQUIRE(put.has_value());
        CHECK(moved == 5000);
        const auto known = co_await on->stat();
        REQUIRE(known.has_value());
        CHECK(known->bytes == 1'005'000);
        CHECK(known->allocated_bytes < 500'000);
        CHECK(known->type == file_type::regular);
        std::vector<std::byte> memory(4096, std::byte{1});
        const auto got = co_await on->read_exactly_at(500'000, std::span(memory));
        REQUIRE(got.has_value());
        CHECK(*got == 4096);
        CHECK(std::ranges::count(memory, std::byte{0}) == 4096);
    });
}

TEST_CASE("positions beyond 4 GiB are kept whole") {
    for (const auto mask : {"", "read,write", "read_fixed,write_fixed,read,write"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            constexpr auto far = (std::uint64_t{1} << 33) + 12345;
            auto bytes = test::random_bytes(4096, 1);
            const auto put = co_await on->write_all_at(far, std::span(bytes));
            REQUIRE(put.has_value());
            const auto size = co_await on->size();
            REQUIRE(size.has_value());
            CHECK(*size == far + 4096);
            auto page = here.pages().take_now(1);
            REQUIRE(page.has_value());
            const auto got = co_await on->read_at(far, *page);
            REQUIRE(got.has_value());
            CHECK(std::ranges::equal(page->bytes(), bytes));
            const auto cut = co_await on->truncate(far - 1);
            CHECK(cut.has_value());
            const auto after = co_await on->size();
            REQUIRE(after.has_value());
            CHECK(*after == far - 1);
        });
    }
}

TEST_CASE("stat tells what the file is") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = test::make_file(directory / "file", test::random_bytes(10, 1));
        test::required(::chmod(path.c_str(), 04751), "chmod");
        test::required(::link(path.c_str(), (directory / "other").c_str()), "link");
        auto on = co_await file::open(here, path, open_mode::read);
        REQUIRE(on.has_value());
        const auto known = co_await on->stat();
        REQUIRE(known.has_value());
        struct stat plain{};
        test::required(::stat(path.c_str(), &plain), "stat");
        CHECK(known->type == file_type::regular);
        CHECK(known->mode == 04751);
        CHECK(known->bytes == 10);
        CHECK(known->links == 2);
        CHECK(known->inode == plain.st_ino);
        CHECK(known->device == plain.st_dev);
        CHECK(known->owner == plain.st_uid);
        CHECK(known->group == plain.st_gid);
        CHECK(known->modified.tv_sec == plain.st_mtim.tv_sec);
        CHECK(known->modified.tv_nsec == plain.st_mtim.tv_nsec);
        auto null = co_await file::open(here, "/dev/null", open_mode::write);
        REQUIRE(null.has_value());
        const auto device = co_await null->stat();
        REQUIRE(device.has_value());
        CHECK(device->type == file_type::character_device);
        test::required(::stat("/dev/null", &plain), "stat");
        CHECK(device->device_number == plain.st_rdev);
    });
}

TEST_CASE("allocate gives room on the disk, truncate takes it away") {
    for (const auto* base : {".", "/dev/shm"}) {
        on_shard([base](shard& here) -> task<> {
            const test::scratch_directory directory(base);
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            const auto given = co_await on->allocate(0, 1 << 20);
            REQUIRE_MESSAGE(given.has_value(), given.error().message());
            const auto full = co_await on->stat();
            REQUIRE(full.has_value());
            CHECK(full->bytes == 1 << 20);
            CHECK(full->allocated_bytes >= 1 << 20);
            const auto cut = co_await on->truncate(100);
            CHECK(cut.has_value());
            const auto after = co_await on->stat();
            REQUIRE(after.has_value());
            CHECK(after->bytes == 100);
            expect_error(co_await on->allocate(0, 0), std::errc::invalid_argument);
        });
    }
}

TEST_CASE("sync and data_sync succeed, by the ring or by a thread") {
    for (const auto mask : {"", "fsync"}) {
        CAPTURE(mask);
        watching_calls calls;
        auto with = test::masked(mask);
        with.calls = &calls;
        bool by_thread = false;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            by_thread = !here.known().has(feature::fsync);
            const test::scratch_directory directory;
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            const auto put = co_await on->write_all_at(0, areas::for_write("durable"));
            REQUIRE(put.has_value());
            const auto all = co_await on->sync();
            CHECK(all.has_value());
            const auto data = co_await on->data_sync();
            CHECK(data.has_value());
            const auto ends = test::make_pipe();
            auto pipe = file::adopt(here, ::dup(ends.in.get()));
            REQUIRE(pipe.has_value());
            const auto refused = co_await pipe->sync();
            expect_error(refused, std::errc::invalid_argument);
        });
        CHECK(calls.syncs == (by_thread ? 3 : 0));
    }
}

TEST_CASE("a file size limit is EFBIG, after the bytes that fit") {
    std::signal(SIGXFSZ, SIG_IGN);
    for (const auto* base : {".", "/dev/shm"}) {
        on_shard([base](shard& here) -> task<> {
            const test::scratch_directory directory(base);
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            auto bytes = test::random_bytes(20'000, 1);
            rlimit before{};
            test::required(::getrlimit(RLIMIT_FSIZE, &before), "getrlimit");
            const rlimit small{8192, before.rlim_max};
            test::required(::setrlimit(RLIMIT_FSIZE, &small), "setrlimit");
            std::size_t moved = 0;
            const auto all = co_await on->write_all_at(0, std::span(bytes), &moved);
            const auto one = co_await on->write_at(8192, std::span(bytes));
            test::required(::setrlimit(RLIMIT_FSIZE, &before), "setrlimit");
            expect_error(all, std::errc::file_too_large);
            expect_error(one, std::errc::file_too_large);
            CHECK(moved == 8192);
            CHECK(test::bytes_of(directory / "file").size() == 8192);
        });
    }
    std::signal(SIGXFSZ, SIG_DFL);
}
