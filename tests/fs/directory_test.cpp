// Directories: what is listed, by which names, and what is not one.
#include "forwarding_calls.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/directory.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <map>
#include <set>
#include <string>

using namespace pelton;
using test::on_shard;

namespace {

struct listed {
    std::multiset<std::string> names;
    std::map<std::string, file_type> types;
    std::map<std::string, std::uint64_t> inodes;
};

task<result<listed>> list(const directory& where) {
    listed all;
    auto entries = where.entries();
    for (;;) {
        const auto next = co_await entries.next();
        if (!next) {
            co_return std::unexpected(next.error());
        }
        if (!*next) {
            co_return all;
        }
        const std::string name((*next)->name);
        all.names.insert(name);
        all.types[name] = (*next)->type;
        all.inodes[name] = (*next)->inode;
    }
}

task<result<listed>> list(shard& here, std::string path) {
    const auto where = co_await directory::open(here, path);
    if (!where) {
        co_return std::unexpected(where.error());
    }
    co_return co_await list(*where);
}

void touch(const std::string& path) {
    static_cast<void>(test::make_file(path, {}));
}

}  // namespace

TEST_CASE("an empty directory has no entries, and its end is told again and again") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        auto entries = where->entries();
        for (int again = 0; again < 3; ++again) {
            const auto next = co_await entries.next();
            REQUIRE(next.has_value());
            CHECK(!next->has_value());
        }
    });
}

TEST_CASE("names are bytes: newlines, bytes that are no text, and the longest there can be") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        const std::multiset<std::string> names{"one", "new\nline", "\xff\xfe\x80",       "...",
                                               " ",   "-n",        std::string(255, 'x')};
        for (const auto& name : names) {
            touch(scratch / name);
        }
        const auto all = co_await list(here, scratch.path());
        REQUIRE(all.has_value());
        CHECK(all->names == names);
    });
}

TEST_CASE("three thousand entries come once each, over many batches") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch("/dev/shm");
        std::multiset<std::string> names;
        for (int i = 0; i < 3000; ++i) {
            names.insert("an entry with a name of some length " + std::to_string(i));
        }
        for (const auto& name : names) {
            touch(scratch / name);
        }
        const auto all = co_await list(here, scratch.path());
        REQUIRE(all.has_value());
        CHECK(all->names == names);
        CHECK(here.counters().offloads > 2);
    });
}

TEST_CASE("entries tell their type and their inode") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        touch(scratch / "file");
        test::required(::mkdir((scratch / "directory").c_str(), 0700), "mkdir");
        test::required(::symlink("nowhere", (scratch / "link").c_str()), "symlink");
        test::required(::mkfifo((scratch / "fifo").c_str(), 0600), "mkfifo");
        test::required(::mknod((scratch / "socket").c_str(), S_IFSOCK | 0600, 0), "mknod");
        auto all = co_await list(here, scratch.path());
        REQUIRE(all.has_value());
        CHECK(all->names.size() == 5);
        CHECK(all->types["file"] == file_type::regular);
        CHECK(all->types["directory"] == file_type::directory);
        CHECK(all->types["link"] == file_type::symbolic_link);
        CHECK(all->types["fifo"] == file_type::fifo);
        CHECK(all->types["socket"] == file_type::socket);
        struct stat known{};
        test::required(::stat((scratch / "file").c_str(), &known), "stat");
        CHECK(all->inodes["file"] == known.st_ino);
    });
    on_shard([](shard& here) -> task<> {
        auto devices = co_await list(here, "/dev");
        REQUIRE(devices.has_value());
        CHECK(devices->types["null"] == file_type::character_device);
    });
}

TEST_CASE("what is no directory is ENOTDIR, what is not there ENOENT") {
    for (const auto mask : {"", "openat2"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory scratch;
            touch(scratch / "file");
            const auto file = co_await directory::open(here, scratch / "file");
            REQUIRE(!file.has_value());
            CHECK(file.error() == std::errc::not_a_directory);
            const auto missing = co_await directory::open(here, scratch / "missing");
            REQUIRE(!missing.has_value());
            CHECK(missing.error() == std::errc::no_such_file_or_directory);
        });
    }
}

TEST_CASE("a symbolic link to a directory is followed only when asked for") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        test::required(::mkdir((scratch / "real").c_str(), 0700), "mkdir");
        test::required(::symlink("real", (scratch / "link").c_str()), "symlink");
        const auto followed = co_await directory::open(here, scratch / "link");
        CHECK(followed.has_value());
        const auto refused = co_await directory::open(here, scratch / "link", false);
        REQUIRE(!refused.has_value());
        // open(2): with O_DIRECTORY the link itself is what is no directory.
        CHECK(refused.error() == std::errc::not_a_directory);
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        const auto below = co_await directory::open_at(*where, "link");
        REQUIRE(!below.has_value());
        CHECK(below.error() == std::errc::not_a_directory);
        const auto asked = co_await directory::open_at(*where, "link", true);
        CHECK(asked.has_value());
    });
}

TEST_CASE("a tree deeper than the longest path is walked from directory to directory") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        constexpr int depth = 30;
        const std::string name(200, 'd');
        auto at = test::descriptor(
            test::required(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY), "open"));
        for (int i = 0; i < depth; ++i) {
            test::required(::mkdirat(at.get(), name.c_str(), 0700), "mkdirat");
            at = test::descriptor(
                test::required(::openat(at.get(), name.c_str(), O_RDONLY), "openat"));
        }
        test::required(::mkdirat(at.get(), "bottom", 0700), "mkdirat");

        auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        for (int i = 0; i < depth; ++i) {
            auto below = co_await directory::open_at(*where, name);
            REQUIRE(below.has_value());
            *where = std::move(*below);
        }
        const auto all = co_await list(*where);
        REQUIRE(all.has_value());
        CHECK(all->names == std::multiset<std::string>{"bottom"});
    });
}

TEST_CASE("entries that are removed while the directory is read come once each") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        std::multiset<std::string> names;
        for (int i = 0; i < 2000; ++i) {
            names.insert("removed as soon as it is seen " + std::to_string(i));
            touch(scratch / *names.rbegin());
        }
        for (const auto& name : names) {
            touch(scratch / name);
        }
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        std::multiset<std::string> seen;
        auto entries = where->entries();
        for (;;) {
            const auto next = co_await entries.next();
            REQUIRE(next.has_value());
            if (!*next) {
                break;
            }
            seen.insert(std::string((*next)->name));
            test::required(::unlink((scratch / (*next)->name).c_str()), "unlink");
        }
        CHECK(seen == names);
        const auto after = co_await list(here, scratch.path());
        REQUIRE(after.has_value());
        CHECK(after->names.empty());
    });
}

TEST_CASE("a directory that was removed has an error, not an end") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        test::required(::mkdir((scratch / "gone").c_str(), 0700), "mkdir");
        const auto where = co_await directory::open(here, scratch / "gone");
        REQUIRE(where.has_value());
        test::required(::rmdir((scratch / "gone").c_str()), "rmdir");
        const auto all = co_await list(*where);
        REQUIRE(!all.has_value());
        CHECK(all.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("an error of the reading thread reaches the reader, after the entries before it") {
    class breaking final : public test::forwarding_calls {
        result<std::size_t> getdents64(int descriptor,
                                       std::span<std::byte> into) noexcept override {
            return ++calls_ == 1 ? forwarding_calls::getdents64(descriptor, into) : failure(EIO);
        }
        int calls_ = 0;
    };
    breaking calls;
    auto with = options{};
    with.calls = &calls;
    on_shard(std::move(with), [](shard& here) -> task<> {
        const test::scratch_directory scratch;
        touch(scratch / "one");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        auto entries = where->entries();
        const auto first = co_await entries.next();
        REQUIRE(first.has_value());
        CHECK(first->has_value());
        const auto second = co_await entries.next();
        REQUIRE(!second.has_value());
        CHECK(second.error() == std::errc::io_error);
    });
}

TEST_CASE("a task that was asked to stop reads no further entries") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        touch(scratch / "one");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        auto body = [&](children& kids) -> task<> {
            kids.request_stop();
            const auto all = co_await list(*where);
            REQUIRE(!all.has_value());
            CHECK(all.error() == std::errc::operation_canceled);
        };
        co_await scope(body);
    });
}

TEST_CASE("directories close their descriptors, moved or not") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        here.open_door();
        const auto before = test::open_descriptors();
        {
            auto one = co_await directory::open(here, scratch.path());
            auto other = co_await directory::open(here, scratch.path());
            REQUIRE((one.has_value() && other.has_value()));
            CHECK(test::open_descriptors() == before + 2);
            *one = std::move(*other);
            CHECK(test::open_descriptors() == before + 1);
            const auto third = std::move(*one);
            CHECK(test::open_descriptors() == before + 1);
        }
        CHECK(test::open_descriptors() == before);
    });
}
