// Names in directories: made, removed, moved and linked, by the ring and by threads.
#include "fs/ways.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace pelton;
using test::every_way;
using test::on_shard;

namespace fs = std::filesystem;

namespace {

void write_text(const std::string& path, std::string_view text) {
    static_cast<void>(test::make_file(path, std::as_bytes(std::span(text))));
}
std::string text_of(const std::string& path) {
    const auto bytes = test::bytes_of(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a directory is made with its permissions, once, and removed when it is empty") {
    every_way("mkdirat,unlinkat", 4, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        CHECK((co_await where->make_directory("new", 0700, chosen)).has_value());
        CHECK(fs::is_directory(scratch / "new"));
        CHECK((fs::status(scratch / "new").permissions() & fs::perms::all) == fs::perms::owner_all);
        const auto again = co_await where->make_directory("new", 0700, chosen);
        CHECK(again.error() == std::errc::file_exists);
        const auto wrong = co_await where->remove("new", chosen);
        CHECK(wrong.error() == std::errc::is_a_directory);
        CHECK((co_await where->remove_directory("new", chosen)).has_value());
        CHECK(!fs::exists(scratch / "new"));
    });
}

TEST_CASE("a directory that is not empty is not removed, and a file is removed by its name") {
    every_way("unlinkat", 3, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        write_text(scratch / "file", "x");
        const auto above = directory::current(here);
        const auto full = co_await above.remove_directory(scratch.path(), chosen);
        CHECK(full.error() == std::errc::directory_not_empty);
        CHECK((co_await above.remove(scratch / "file", chosen)).has_value());
        const auto gone = co_await above.remove(scratch / "file", chosen);
        CHECK(gone.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("renaming replaces, keeps or exchanges what has the new name") {
    every_way("renameat", 4, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        write_text(scratch / "a", "of a");
        write_text(scratch / "b", "of b");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        const auto kept = co_await where->rename("a", *where, "b", renaming::keeps, chosen);
        CHECK(kept.error() == std::errc::file_exists);
        CHECK(text_of(scratch / "b") == "of b");
        const auto swapped = co_await where->rename("a", *where, "b", renaming::exchanges, chosen);
        if (!swapped && swapped.error() == std::errc::invalid_argument) {
            MESSAGE("this file system exchanges no names");  // NFS
            write_text(scratch / "a", "of b");
        } else {
            REQUIRE_MESSAGE(swapped.has_value(), swapped.error().message());
            CHECK(text_of(scratch / "a") == "of b");
            CHECK(text_of(scratch / "b") == "of a");
        }
        const auto moved = co_await where->rename("a", *where, "b", renaming::replaces, chosen);
        CHECK(moved.has_value());
        CHECK(text_of(scratch / "b") == "of b");
        CHECK(!fs::exists(scratch / "a"));
        const auto none = co_await where->rename("a", *where, "c", renaming::replaces, chosen);
        CHECK(none.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("a name moves from one directory to another") {
    every_way("renameat", 1, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory from_path;
        const test::scratch_directory into_path;
        write_text(from_path / "a", "moved");
        const auto from = co_await directory::open(here, from_path.path());
        const auto into = co_await directory::open(here, into_path.path());
        REQUIRE((from && into));
        CHECK((co_await from->rename("a", *into, "b", renaming::replaces, chosen)).has_value());
        CHECK(text_of(into_path / "b") == "moved");
    });
}

TEST_CASE(
    "a link is another name of the same file; of a symbolic link, when it is told not to follow") {
    every_way("linkat,symlinkat", 5, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        write_text(scratch / "file", "x");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        CHECK((co_await where->link("file", *where, "twin", false, chosen)).has_value());
        CHECK(fs::equivalent(scratch / "file", scratch / "twin"));
        const auto again = co_await where->link("file", *where, "twin", false, chosen);
        CHECK(again.error() == std::errc::file_exists);
        CHECK((co_await where->make_symbolic_link("file", "soft", chosen)).has_value());
        CHECK((co_await where->link("soft", *where, "of link", false, chosen)).has_value());
        CHECK(fs::is_symlink(scratch / "of link"));
        CHECK((co_await where->link("soft", *where, "of file", true, chosen)).has_value());
        CHECK(fs::is_regular_file(fs::symlink_status(scratch / "of file")));
    });
}

TEST_CASE("a symbolic link leads wherever it is told, to nothing too, and can be read") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        const std::string far(4000, 'x');
        CHECK((co_await where->make_symbolic_link(far, "link", via::ring)).has_value());
        const auto read = co_await where->read_link("link");
        REQUIRE(read.has_value());
        CHECK(*read == far);
        write_text(scratch / "file", "");
        const auto no_link = co_await where->read_link("file");
        CHECK(no_link.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a name with a zero byte inside is refused, and nothing is done to its beginning") {
    every_way("unlinkat,mkdirat,renameat,symlinkat", 0, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        write_text(scratch / "file", "x");
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        const std::string cut("file\0name", 9);
        const auto keeps = renaming::keeps;
        CHECK((co_await where->remove(cut, chosen)).error() == std::errc::invalid_argument);
        CHECK((co_await where->make_directory(cut, 0777, chosen)).error() ==
              std::errc::invalid_argument);
        CHECK((co_await where->rename(cut, *where, "b", keeps, chosen)).error() ==
              std::errc::invalid_argument);
        CHECK((co_await where->rename("file", *where, cut, keeps, chosen)).error() ==
              std::errc::invalid_argument);
        CHECK((co_await where->make_symbolic_link(cut, "c", chosen)).error() ==
              std::errc::invalid_argument);
        CHECK(fs::exists(scratch / "file"));
    });
}

TEST_CASE("a task that was asked to stop changes no names") {
    every_way("mkdirat", 0, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto where = co_await directory::open(here, scratch.path());
        REQUIRE(where.has_value());
        std::error_code told;
        auto body = [&](children& kids) -> task<> {
            kids.request_stop();
            const auto made = co_await where->make_directory("new", 0777, chosen);
            told = made ? std::error_code() : made.error();
        };
        co_await scope(body);
        CHECK(told == std::errc::operation_canceled);
        CHECK(!fs::exists(scratch / "new"));
    });
}

TEST_CASE("a name is made or is not, as the answer to a stop request at any moment says") {
    for (const auto chosen : {via::ring, via::thread}) {
        on_shard([chosen](shard& here) -> task<> {
            here.open_door();
            const test::scratch_directory scratch;
            const auto where = co_await directory::open(here, scratch.path());
            REQUIRE(where.has_value());
            for (int round = 0; round < 300; ++round) {
                const auto name = std::to_string(round);
                bool said = false;
                auto make = [&]() -> task<> {
                    said = (co_await where->make_directory(name, 0777, chosen)).has_value();
                };
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(make);
                    for (int turns = round % 4; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
                CHECK(fs::exists(scratch / name) == said);
            }
        });
    }
}

TEST_CASE("names that were made last once their directory is synchronized") {
    for (const auto mask : {"", "fsync"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory scratch;
            write_text(scratch / "file", "x");
            const auto where = co_await directory::open(here, scratch.path());
            REQUIRE(where.has_value());
            CHECK((co_await where->sync()).has_value());
            CHECK((co_await sync_parent_of(here, scratch / "file")).has_value());
            CHECK((co_await sync_parent_of(here, scratch / "file/")).has_value());
            CHECK((co_await sync_parent_of(here, "file here")).has_value());
            CHECK((co_await sync_parent_of(here, "/")).has_value());
            const auto none = co_await sync_parent_of(here, scratch / "none/file");
            CHECK(none.error() == std::errc::no_such_file_or_directory);
            const auto empty = co_await sync_parent_of(here, "");
            CHECK(empty.error() == std::errc::no_such_file_or_directory);
            const auto current = co_await directory::current(here).sync();
            CHECK(current.error() == std::errc::bad_file_descriptor);
        });
    }
}

TEST_CASE("a directory that dies while a name in it is being made ends the process") {
    const auto end = test::ending_of([] {
        on_shard([](shard& here) -> task<> {
            const test::scratch_directory scratch;
            auto where = co_await directory::open(here, scratch.path());
            auto body = [&](children& kids) -> task<> {
                auto make = [&]() -> task<> {
                    static_cast<void>(co_await where->make_directory("new", 0777, via::ring));
                };
                kids.spawn(make);
                static_cast<void>(co_await yield());
                where = failure(EBADF);
                co_return;
            };
            co_await scope(body);
        });
    });
    CHECK(test::says(end.text, "destroyed while operations on it are pending"));
}
