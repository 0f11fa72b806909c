#include "connection.hpp"
#include "forwarding_calls.hpp"
#include "skip.hpp"

#include <pelton/runtime/net/connect_to.hpp>
#include <pelton/runtime/net/resolve.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/outcome/unresolved.hpp>

#include <netdb.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

// A resolver that knows one host, and counts what it is asked.
class one_host final : public forwarding_calls {
public:
    std::vector<endpoint> addresses;
    std::atomic<int> asked{0};

    result<void> getaddrinfo(const char* host, const char* service,
                             std::vector<sockaddr_storage>& into) noexcept override {
        ++asked;
        if (std::string_view(host) != "the.host") {
            return std::unexpected(unresolved(EAI_AGAIN));
        }
        CHECK(std::to_string(addresses.empty() ? 7000 : addresses[0].port()) == service);
        for (const auto& each : addresses) {
            std::memcpy(&into.emplace_back(), each.address(), each.bytes());
        }
        return {};
    }
};

options resolving_with(calls_face& calls) {
    auto with = quiet();
    with.calls = &calls;
    return with;
}

// A bare root made by debootstrap has no such file.
bool hosts_name_localhost() {
    std::ifstream hosts("/etc/hosts");
    for (std::string word; hosts >> word;) {
        if (word == "localhost") {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("a numeric host and port is answered without a thread") {
    one_host names;
    on_shard(resolving_with(names), [&](shard& here) -> task<> {
        const auto v4 = co_await resolve(here, "127.0.0.1", 80);
        CHECK(v4.value() == std::vector{endpoint::loopback(80)});
        const auto v6 = co_await resolve(here, "::1", "443");
        CHECK(v6.value() == std::vector{endpoint::loopback_v6(443)});
        CHECK(here.counters().offloads == 0);
    });
    CHECK(names.asked == 0);
}

TEST_CASE("the addresses of a name come in the resolver's order, each once") {
    one_host names;
    names.addresses = {endpoint::loopback_v6(7000), endpoint::loopback(7000),
                       endpoint::loopback_v6(7000)};
    on_shard(resolving_with(names), [&](shard& here) -> task<> {
        const auto found = co_await resolve(here, "the.host", 7000);
        CHECK(found.value() == std::vector{endpoint::loopback_v6(7000), endpoint::loopback(7000)});
        CHECK(here.counters().offloads == 1);
    });
}

TEST_CASE("a name that is not found, empty, or cut by a zero byte is an error with a sentence") {
    one_host names;
    on_shard(resolving_with(names), [&](shard& here) -> task<> {
        const auto silent = co_await resolve(here, "other.host", 7000);
        CHECK(silent.error() == unresolved(EAI_AGAIN));
        CHECK(silent.error() == std::errc::resource_unavailable_try_again);
        const std::string cut("the.host\0.evil", 14);
        for (const auto& name : {std::string(), cut}) {
            const auto none = co_await resolve(here, name, 7000);
            CHECK(none.error() == unknown_name());
            CHECK(none.error().message().find("not known") != std::string::npos);
        }
        const auto nothing = co_await resolve(here, "the.host", 7000);
        CHECK(nothing.error() == unknown_name());
    });
    CHECK(names.asked == 2);
}

TEST_CASE("the system's own resolver knows localhost") {
    if (!hosts_name_localhost()) {
        pelton_test::skip("/etc/hosts names no localhost");
        return;
    }
    on_shard([](shard& here) -> task<> {
        const auto found = co_await resolve(here, "localhost", 7000);
        REQUIRE(found);
        for (const auto& each : *found) {
            CHECK((each == endpoint::loopback(7000) || each == endpoint::loopback_v6(7000)));
        }
    });
}

TEST_CASE("the system's own resolver knows what is no service") {
    on_shard([](shard& here) -> task<> {
        const auto service = co_await resolve(here, "127.0.0.1", "no-such-service");
        REQUIRE_FALSE(service);
        CHECK(service.error().category() == unknown_name().category());
    });
}

TEST_CASE("a task that is asked to stop looks nothing up") {
    one_host names;
    on_shard(resolving_with(names), [&](shard& here) -> task<> {
        std::optional<std::error_code> ended;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                co_await nop(here);
                const auto found = co_await resolve(here, "the.host", 7000);
                ended = found.error();
            });
            kids.request_stop();
            co_return;
        };
        co_await scope(body);
        CHECK(ended.value() == std::errc::operation_canceled);
    });
    CHECK(names.asked == 0);
}

TEST_CASE("a connection is made to a host by its name") {
    one_host names;
    const auto before = open_descriptors();
    on_shard(resolving_with(names), [&](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        names.addresses = {where};
        const auto stream = co_await connect_to(here, "the.host", where.port());
        CHECK(stream.value().peer().value() == where);
        const auto unknown = co_await connect_to(here, "other.host", 7000);
        CHECK(unknown.error() == unresolved(EAI_AGAIN));
    });
    CHECK(open_descriptors() == before);
}
