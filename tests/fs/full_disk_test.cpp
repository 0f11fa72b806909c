// What a full disk does to writes, on a small file system in memory that only root can mount.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <sys/mount.h>

#include <algorithm>
#include <vector>

using namespace pelton;

namespace {

constexpr std::size_t disk_bytes = 64 * 1024;

class small_disk {
public:
    small_disk() {
        mounted_ = ::mount("pelton", directory_.path().c_str(), "tmpfs", 0, "size=64k") == 0;
        if (!mounted_) {
            pelton_test::skip("only root can mount a small file system");
        }
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() {
        if (mounted_) {
            ::umount2(directory_.path().c_str(), MNT_DETACH);
        }
    }
    explicit operator bool() const noexcept { return mounted_; }
    std::string file() const { return directory_ / "file"; }

private:
    test::scratch_directory directory_;
    bool mounted_ = false;
};

constexpr auto made = open_mode::read_write | open_mode::create;

}  // namespace

TEST_CASE("on a full disk a write is short, and the next one tells why") {
    const small_disk disk;
    if (!disk) {
        return;
    }
    auto bytes = test::random_bytes(disk_bytes + 50'000, 1);
    test::on_shard(options{}, [&](shard& here) -> task<> {
        auto on = co_await file::open(here, disk.file(), made);
        REQUIRE(on.has_value());
        const auto first = co_await on->write_at(0, std::span(bytes));
        REQUIRE(first.has_value());
        CHECK(*first == disk_bytes);
        const auto next = co_await on->write_at(*first, std::span(bytes).subspan(*first));
        REQUIRE(!next.has_value());
        CHECK(next.error() == std::errc::no_space_on_device);
        const auto room = co_await on->allocate(disk_bytes, 4096);
        REQUIRE(!room.has_value());
        CHECK(room.error() == std::errc::no_space_on_device);
    });
}

TEST_CASE(
    "on a full disk a whole write fails with ENOSPC, knows how much it wrote, and leaves no gap") {
    auto bytes = test::random_bytes(disk_bytes + 50'000, 2);
    for (const auto mask : {"", "readv,writev", "writev_fixed,write_fixed"}) {
        CAPTURE(mask);
        const small_disk disk;
        if (!disk) {
            return;
        }
        test::on_shard(test::masked(mask), [&](shard& here) -> task<> {
            auto on = co_await file::open(here, disk.file(), made);
            REQUIRE(on.has_value());
            std::vector<area> entries;
            for (std::size_t at = 0; at < bytes.size(); at += 1000) {
                entries.push_back({&bytes[at], std::min<std::size_t>(1000, bytes.size() - at)});
            }
            std::size_t moved = 0;
            const auto put = co_await on->write_all_at(0, areas(std::span(entries)), &moved);
            REQUIRE(!put.has_value());
            CHECK(put.error() == std::errc::no_space_on_device);
            CHECK(moved == disk_bytes);
        });
        const auto there = test::bytes_of(disk.file());
        CHECK(there.size() == disk_bytes);
        CHECK(std::ranges::equal(there, std::span(bytes).first(there.size())));
    }
}
