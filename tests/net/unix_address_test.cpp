#include <pelton/runtime/net/unix_address.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <ostream>
#include <string>

using namespace pelton;

TEST_CASE("a path of 107 bytes is taken, and one byte more is refused with a sentence") {
    const std::string longest(107, 'x');
    const auto taken = unix_address::path(longest);
    REQUIRE(taken);
    CHECK(taken->name() == longest);
    CHECK(taken->c_str() == longest);
    const auto refused = unix_address::path(longest + 'x');
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == std::errc::filename_too_long);
    CHECK(refused.error().message() ==
          "the name of a unix socket has 108 bytes, and the system takes at most 107; use a "
          "shorter path, one relative to the working directory, or an abstract name");
    CHECK_FALSE(unix_address::abstract(std::string(108, 'x')));
    CHECK(unix_address::abstract(std::string(107, 'x')));
}

TEST_CASE("an empty name and a path with a zero byte are refused with a sentence") {
    const auto empty = unix_address::path("");
    CHECK(empty.error() == std::errc::invalid_argument);
    CHECK(empty.error().message().find("is empty") != std::string::npos);
    CHECK(unix_address::abstract("").error() == empty.error());
    const auto zero = unix_address::path(std::string_view("a\0b", 3));
    CHECK(zero.error() == std::errc::invalid_argument);
    CHECK(zero.error().message().find("zero byte") != std::string::npos);
}

TEST_CASE("an abstract name may have any bytes, and is written with an @") {
    const std::string_view name("a\0b", 3);
    const auto made = unix_address::abstract(name).value();
    CHECK(made.is_abstract());
    CHECK_FALSE(made.is_path());
    CHECK(made.name() == name);
    CHECK(made.to_string() == "@a@b");
    CHECK(std::strlen(made.c_str()) == 0);
    CHECK(made != unix_address::path("a").value());
}

TEST_CASE("what the system says is read back as the same address") {
    for (const auto& each : {unix_address::path("/tmp/x").value(),
                             unix_address::abstract("name").value(), unix_address()}) {
        sockaddr_storage told{};
        std::memcpy(&told, each.address(), each.bytes());
        const auto read = unix_address::from(told, each.bytes());
        CHECK(read.value() == each);
        CHECK(read->to_string() == each.to_string());
    }
    sockaddr_storage other{};
    other.ss_family = AF_INET;
    CHECK(unix_address::from(other, sizeof(sockaddr_un)).error() ==
          std::errc::address_family_not_supported);
    CHECK(unix_address::from(other, 0).value().is_unnamed());
}

TEST_CASE("a path that fills all 108 bytes, which others may bind, is read without its last") {
    sockaddr_un full{};
    full.sun_family = AF_UNIX;
    std::memset(full.sun_path, 'y', sizeof(full.sun_path));
    sockaddr_storage told{};
    std::memcpy(&told, &full, sizeof(full));
    const auto read = unix_address::from(told, sizeof(full)).value();
    CHECK(read.name() == std::string(107, 'y'));
}
