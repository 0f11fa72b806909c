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
