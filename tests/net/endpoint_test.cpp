#include <pelton/runtime/net/endpoint.hpp>

#include <doctest/doctest.h>

#include <ostream>

using namespace pelton;

TEST_CASE("an endpoint reads back what it says of itself") {
    for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80",
                             "[::]:7000", "[fe80::1%2]:9", "[2001:db8::ff00:42:8329]:443"}) {
        CAPTURE(text);
        const auto read = endpoint::parse(text);
        REQUIRE(read);
        CHECK(read->to_string() == text);
        CHECK(*read == endpoint::parse(text).value());
    }
}

TEST_CASE("a text that is no address and port is refused") {
    for (const char* text : {"",
                             ":",
                             "80",
                             ":80",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1: 80",
                             "127.0.0.1:80 ",
                             "127.0.0:80",
                             "localhost:80",
                             "::1:80",
                             "[::1]",
                             "[]:80",
                             "[::1]80",
                             "[::1:80",
                             "[::1%eth0]:80",
                             "[::1%]:80",
                             "[127.0.0.1]:80",
                             "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80"}) {
        CAPTURE(text);
        const auto read = endpoint::parse(text);
        REQUIRE_FALSE(read);
        CHECK(read.error() == std::errc::invalid_argument);
    }
    CHECK_FALSE(endpoint::parse(std::string_view("127.0.0.1\0:80", 13)));
}

TEST_CASE("an endpoint tells its port and family, and differs by address, port, scope and family") {
    CHECK(endpoint::loopback(7).to_string() == "127.0.0.1:7");
    CHECK(endpoint::loopback_v6(7).to_string() == "[::1]:7");
    CHECK(endpoint::any(7).to_string() == "[::]:7");
    CHECK(endpoint().to_string() == "0.0.0.0:0");
    CHECK(endpoint::loopback(513).port() == 513);
    CHECK(endpoint::loopback_v6(513).port() == 513);
    CHECK(endpoint::any(1).family() == AF_INET6);
    CHECK(endpoint::any_v4(1).family() == AF_INET);
    CHECK(endpoint::any(1).is_wildcard());
    CHECK(endpoint::any_v4(1).is_wildcard());
    CHECK_FALSE(endpoint::loopback(1).is_wildcard());
    CHECK_FALSE(endpoint::loopback_v6(1).is_wildcard());

    CHECK(endpoint::any(1) != endpoint::any_v4(1));
    CHECK(endpoint::any(1) != endpoint::any(2));
    CHECK(endpoint::any(1) != endpoint::loopback_v6(1));
    CHECK(endpoint::any_v4(1) != endpoint::loopback(1));
    CHECK(endpoint::parse("[fe80::1%1]:1").value() != endpoint::parse("[fe80::1%2]:1").value());
}

TEST_CASE("an address of another family, or cut short, is no endpoint") {
    sockaddr_storage address{};
    address.ss_family = AF_UNIX;
    CHECK(endpoint::from(address, sizeof(address)).error() ==
          std::errc::address_family_not_supported);
    address.ss_family = AF_INET6;
    CHECK_FALSE(endpoint::from(address, sizeof(sockaddr_in)));
    CHECK(endpoint::from(address, sizeof(sockaddr_in6)).value() == endpoint::any(0));
}
