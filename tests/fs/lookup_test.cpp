// How far a path may lead when a file or directory is opened.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace pelton;
using test::on_shard;

namespace {

struct tree {
    tree() {
        test::required(::mkdir((outer / "in").c_str(), 0700), "mkdir");
        static_cast<void>(test::make_file(outer / "secret", {}));
        static_cast<void>(test::make_file(outer / "in/file", {}));
        test::required(::symlink("../secret", (outer / "in/out").c_str()), "symlink");
        test::required(::symlink("/file", (outer / "in/rooted").c_str()), "symlink");
    }
    test::scratch_directory outer;
};

task<std::error_code> opening(const directory& where, std::string name, lookup within) {
    const auto got = co_await file::open_at(where, std::move(name), open_mode::read, 0, within);
    co_return got ? std::error_code() : got.error();
}

}  // namespace

TEST_CASE("a path that may not leave its directory cannot, by dots, links or from the root") {
    for (const auto mask : {"", "openat2"}) {
        const tree made;
        on_shard(test::masked(mask), [&](shard& here) -> task<> {
            const auto where = co_await directory::open(here, made.outer / "in");
            REQUIRE(where.has_value());
            CHECK(!co_await opening(*where, "out", lookup::anywhere));
            CHECK(!co_await opening(*where, "../secret", lookup::anywhere));
            for (const auto* name : {"out", "../secret", "/etc/passwd", "rooted"}) {
                CHECK(co_await opening(*where, name, lookup::beneath) ==
                      std::errc::cross_device_link);
            }
            CHECK(!co_await opening(*where, "file", lookup::beneath));
        });
    }
}

TEST_CASE("a directory can be taken for the root, so that links from the root stay in it") {
    const tree made;
    on_shard([&](shard& here) -> task<> {
        const auto where = co_await directory::open(here, made.outer / "in");
        REQUIRE(where.has_value());
        CHECK(!co_await opening(*where, "rooted", lookup::in_root));
        CHECK(co_await opening(*where, "out", lookup::in_root) ==
              std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("links and mount points on the way can be refused") {
    const tree made;
    on_shard([&](shard& here) -> task<> {
        const auto where = co_await directory::open(here, made.outer / "in");
        REQUIRE(where.has_value());
        CHECK(co_await opening(*where, "out", lookup::no_links) ==
              std::errc::too_many_symbolic_link_levels);
        const auto root = co_await directory::open(here, "/");
        REQUIRE(root.has_value());
        CHECK(co_await opening(*root, "proc/self/status", lookup::same_device) ==
              std::errc::cross_device_link);
        CHECK(co_await opening(*root, "proc/self/exe", lookup::no_magic_links) ==
              std::errc::too_many_symbolic_link_levels);
        const auto below = co_await directory::open_at(*root, "proc", true, lookup::same_device);
        CHECK(below.error() == std::errc::cross_device_link);
    });
}

TEST_CASE("a path whose parts are in the kernel's cache can be opened from there alone") {
    const tree made;
    on_shard([&](shard& here) -> task<> {
        const auto where = co_await directory::open(here, made.outer / "in");
        REQUIRE(where.has_value());
        CHECK(!co_await opening(*where, "file", lookup::anywhere));
        CHECK(!co_await opening(*where, "file", lookup::cached));
    });
}
