// What a block device need not keep, on a loop device, which only root can make.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "op/watching_ring.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <string>

using namespace pelton;
using test::on_shard;

namespace {

constexpr std::size_t disk_bytes = 1 << 20;

class loop_device {
public:
    loop_device()
        : backing_(test::make_file(directory_ / "disk", test::random_bytes(disk_bytes, 5))) {
        const test::descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
        const int number = control.get() < 0 ? -1 : ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) {
            return;
        }
        path_ = "/dev/loop" + std::to_string(number);
        device_ = test::descriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
        const test::descriptor file(::open(backing_.c_str(), O_RDWR | O_CLOEXEC));
        ready_ = device_.get() >= 0 && ::ioctl(device_.get(), LOOP_SET_FD, file.get()) == 0;
    }
    loop_device(const loop_device&) = delete;
    loop_device& operator=(const loop_device&) = delete;
    ~loop_device() {
        if (ready_) {
            ::ioctl(device_.get(), LOOP_CLR_FD);
        }
    }

    explicit operator bool() const noexcept { return ready_; }
    const std::string& path() const noexcept { return path_; }

private:
    test::scratch_directory directory_;
    std::string backing_;
    std::string path_;
    test::descriptor device_;
    bool ready_ = false;
};

}  // namespace

TEST_CASE(
    "what is discarded is gone, by the ring's command or by the call, and nothing beside it") {
    for (const auto mask : {"", "block_discard"}) {
        CAPTURE(mask);
        const loop_device disk;
        if (!disk) {
            pelton_test::skip("no loop device can be made: only root can, where there are some");
            return;
        }
        auto expected = test::bytes_of(disk.path());
        REQUIRE(expected.size() == disk_bytes);
        test::watching_ring ring;
        auto with = test::masked(mask);
        with.ring_kernel = &ring;
        bool by_ring = false;
        on_shard(with, [&](shard& here) -> task<> {
            by_ring = here.known().has(feature::block_discard);
            auto on = co_await file::open(here, disk.path(), open_mode::read_write);
            REQUIRE(on.has_value());
            const auto gone = co_await on->discard(8192, 16384);
            REQUIRE_MESSAGE(gone.has_value(), gone.error().message());
            std::fill_n(expected.begin() + 8192, 16384, std::byte{});
            std::vector<std::byte> now(disk_bytes);
            CHECK(co_await on->read_exactly_at(0, std::span(now)) == disk_bytes);
            CHECK(now == expected);
            const auto odd = co_await on->discard(8192, 100);
            CHECK(odd.error() == std::errc::invalid_argument);
            const auto beyond = co_await on->discard(disk_bytes, 4096);
            CHECK(beyond.error() == std::errc::invalid_argument);
        });
        CHECK(by_ring == std::ranges::any_of(ring.seen, [](const io_uring_sqe& one) {
                  return one.opcode == abi::op_uring_cmd;
              }));
    }
}

TEST_CASE("a file that is no block device discards nothing") {
    for (const auto mask : {"", "block_discard"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory scratch;
            const auto path = test::make_file(scratch / "file", test::random_bytes(8192, 1));
            auto on = co_await file::open(here, path, open_mode::read_write);
            REQUIRE(on.has_value());
            const auto gone = co_await on->discard(0, 4096);
            CHECK(gone.error() == std::errc::inappropriate_io_control_operation);
        });
    }
}
