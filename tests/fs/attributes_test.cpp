// Extended attributes, of an open file and by path.
#include "fs/ways.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/path_attributes.hpp>

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>

using namespace pelton;
using test::every_way;
using test::on_shard;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// Those that a user sets: NFS lists one of its own, too, and so do security modules.
std::set<std::string> user_names(std::string_view names) {
    std::set<std::string> all;
    while (!names.empty()) {
        const auto end = names.find('\0');
        if (const auto name = names.substr(0, end); name.starts_with("user.")) {
            all.emplace(name);
        }
        names.remove_prefix(end + 1);
    }
    return all;
}

// Not every file system keeps the attributes that a user may set.
bool keeps_attributes(const std::string& path) {
    const auto set = linux_calls().setxattr(path.c_str(), "user.probe", bytes("1"), 0);
    if (!set) {
        pelton_test::skip("this file system keeps no user attributes");
        return false;
    }
    return linux_calls().removexattr(path.c_str(), "user.probe").has_value();
}

}  // namespace

TEST_CASE("an open file's attribute is what was set, and is made or replaced as told") {
    every_way("xattr", 8, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", {});
        if (!keeps_attributes(path)) {
            co_return;
        }
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        using enum attribute_change;
        std::array<std::byte, 16> value{};
        const auto none = co_await on->attribute("user.a", value, chosen);
        CHECK(none.error() == std::errc::no_message_available);  // ENODATA
        const auto absent = co_await on->set_attribute("user.a", bytes("x"), replace, chosen);
        CHECK(absent.error() == std::errc::no_message_available);
        CHECK((co_await on->set_attribute("user.a", bytes("one"), create, chosen)).has_value());
        const auto present = co_await on->set_attribute("user.a", bytes("x"), create, chosen);
        CHECK(present.error() == std::errc::file_exists);
        CHECK((co_await on->set_attribute("user.a", bytes("three"), any, chosen)).has_value());
        CHECK(co_await on->attribute("user.a", value, chosen) == 5);
        CHECK(std::string_view(reinterpret_cast<char*>(value.data()), 5) == "three");
        CHECK(co_await on->attribute("user.a", {}, chosen) == 5);
        const auto little = co_await on->attribute("user.a", std::span(value).first(2), chosen);
        CHECK(little.error() == std::errc::result_out_of_range);
    });
}

TEST_CASE("attributes by path are those of the file that a link leads to") {
    every_way("xattr", 4, [](shard& here, via chosen) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", {});
        const auto link = scratch / "link";
        test::required(::symlink("file", link.c_str()), "symlink");
        if (!keeps_attributes(path)) {
            co_return;
        }
        using enum attribute_change;
        std::array<std::byte, 16> value{};
        CHECK((co_await set_path_attribute(here, link, "user.a", bytes("one"), any, chosen))
                  .has_value());
        CHECK(co_await path_attribute(here, path, "user.a", value, chosen) == 3);
        const auto again =
            co_await set_path_attribute(here, path, "user.a", bytes("two"), create, chosen);
        CHECK(again.error() == std::errc::file_exists);
        const auto nowhere =
            co_await path_attribute(here, scratch / "none", "user.a", value, chosen);
        CHECK(nowhere.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("attributes are listed and removed") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        const auto path = test::make_file(scratch / "file", {});
        if (!keeps_attributes(path)) {
            co_return;
        }
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        CHECK((co_await on->set_attribute("user.a", bytes("1"))).has_value());
        CHECK((co_await on->set_attribute("user.b", bytes("2"))).has_value());
        std::array<char, 64> names{};
        for (const bool by_path : {false, true}) {
            const auto got = by_path ? co_await list_path_attributes(here, path, names)
                                     : co_await on->list_attributes(names);
            REQUIRE(got.has_value());
            CHECK(user_names({names.data(), *got}) == std::set<std::string>{"user.a", "user.b"});
            const auto wanted = by_path ? co_await list_path_attributes(here, path, {})
                                        : co_await on->list_attributes({});
            CHECK(wanted == *got);
        }
        CHECK((co_await on->remove_attribute("user.a")).has_value());
        CHECK((co_await remove_path_attribute(here, path, "user.b")).has_value());
        const auto gone = co_await on->remove_attribute("user.a");
        CHECK(gone.error() == std::errc::no_message_available);
        const auto left = co_await list_path_attributes(here, path, names);
        REQUIRE(left.has_value());
        CHECK(user_names({names.data(), *left}).empty());
    });
}
