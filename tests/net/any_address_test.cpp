// A listener on every address, on machines with and without IPv6.
#include "address_family.hpp"
#include "connection.hpp"
#include "forwarding_calls.hpp"
#include "skip.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

using namespace pelton;
using namespace pelton::test;

namespace {

// A machine whose kernel has no IPv6: socket(2) does not know the family.
class without_v6 final : public forwarding_calls {
public:
    result<int> socket(int family, int type, int protocol) noexcept override {
        return family == AF_INET6 ? failure(EAFNOSUPPORT)
                                  : forwarding_calls::socket(family, type, protocol);
    }
};

}  // namespace

TEST_CASE("a listener on any address takes IPv6, which IPv4 peers reach too") {
    if (!has_v6()) {
        pelton_test::skip("there is no IPv6 here");
        return;
    }
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::any(0)).value();
        const auto where = door.local().value();
        CHECK(where.family() == AF_INET6);
        auto client = co_await tcp_stream::connect(here, endpoint::loopback(where.port()));
        CHECK(client);
        const auto server = co_await door.accept();
        CHECK(server);
    });
}

TEST_CASE("without IPv6 a listener on any address takes IPv4, and one on ::1 says why not") {
    without_v6 calls;
    auto with = quiet();
    with.calls = &calls;
    on_shard(std::move(with), [](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::any(0)).value();
        const auto where = door.local().value();
        CHECK(where.family() == AF_INET);
        auto client = co_await tcp_stream::connect(here, endpoint::loopback(where.port()));
        CHECK(client);
        const auto server = co_await door.accept();
        CHECK(server);
        const auto refused = tcp_listener::bind(here, endpoint::loopback_v6(0));
        CHECK(refused.error() == std::errc::address_family_not_supported);
    });
}

TEST_CASE("a listener for IPv6 alone leaves the port to another one for IPv4") {
    if (!has_v6()) {
        pelton_test::skip("there is no IPv6 here");
        return;
    }
    on_shard([](shard& here) -> task<> {
        listen_options alone;
        alone.v6_only = true;
        auto door = tcp_listener::bind(here, endpoint::any(0), alone).value();
        const auto port = door.local().value().port();
        const auto nobody = co_await tcp_stream::connect(here, endpoint::loopback(port));
        CHECK(nobody.error() == std::errc::connection_refused);
        auto v4 = tcp_listener::bind(here, endpoint::any_v4(port));
        REQUIRE(v4);
        const auto by_v4 = co_await tcp_stream::connect(here, endpoint::loopback(port));
        CHECK(by_v4);
        const auto at_v4 = co_await v4->accept();
        CHECK(at_v4);
        const auto by_v6 = co_await tcp_stream::connect(here, endpoint::loopback_v6(port));
        CHECK(by_v6);
        const auto at_v6 = co_await door.accept();
        CHECK(at_v6);
    });
}

TEST_CASE("a listener for IPv6 alone does not take IPv4 where there is no IPv6") {
    without_v6 calls;
    auto with = quiet();
    with.calls = &calls;
    on_shard(std::move(with), [](shard& here) -> task<> {
        listen_options alone;
        alone.v6_only = true;
        const auto refused = tcp_listener::bind(here, endpoint::any(0), alone);
        CHECK(refused.error() == std::errc::address_family_not_supported);
        co_return;
    });
}
