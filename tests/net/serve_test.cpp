#include "accept_faults.hpp"
#include "connection.hpp"
#include "guests.hpp"

#include <pelton/runtime/op/nop.hpp>

#include <sys/resource.h>

#include <stdexcept>
#include <string>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

options with_faults(accept_faults& kernel, int& reports, std::string_view mask = "") {
    auto with = masked(mask);
    with.ring_kernel = &kernel;
    with.error = [&reports](std::error_code, std::string_view what) {
        ++reports;
        CHECK(what.find("ulimit -n") != std::string_view::npos);
    };
    return with;
}

}  // namespace

TEST_CASE("serve() passes over a connection that failed before it was accepted") {
    accept_faults kernel;
    kernel.errors = {ECONNABORTED, EINTR, EPROTO, ENETDOWN, EPERM, ECONNABORTED};
    int reports = 0;
    on_shard(with_faults(kernel, reports), [](shard& here) -> task<> {
        const auto guests = [&](endpoint where) -> task<> {
            for (int i = 0; i < 3; ++i) {
                auto stream = co_await tcp_stream::connect(here, where);
                co_await ask(stream.value());
            }
        };
        const auto ended = co_await serve_while(here, guests);
        CHECK(ended);
    });
    CHECK(kernel.errors.empty());
    CHECK(reports == 0);
}

TEST_CASE("serve() pauses while descriptors or memory are missing, says so once, and goes on") {
    accept_faults kernel;
    int reports = 0;
    const auto with = with_faults(kernel, reports, "accept_multishot");
    on_shard(with, [&](shard& here) -> task<> {
        const auto guests = [&](endpoint where) -> task<> {
            for (int i = 1; i <= 2; ++i) {
                kernel.errors = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
                auto stream = co_await tcp_stream::connect(here, where);
                co_await ask(stream.value());  // the accept pending by now takes this one
                stream = co_await tcp_stream::connect(here, where);
                co_await ask(stream.value());
                CHECK(kernel.errors.empty());
                CHECK(reports == i);
            }
        };
        const auto ended = co_await serve_while(here, guests);
        CHECK(ended);
        CHECK(here.counters().turns < 1'000);
    });
}

TEST_CASE("serve() survives a process that has no descriptor left") {
    auto with = quiet();
    int reports = 0;
    with.error = [&](std::error_code error, std::string_view) {
        CHECK(error == std::errc::too_many_files_open);
        ++reports;
    };
    on_shard(std::move(with), [&](shard& here) -> task<> {
        here.pages();
        const auto guests = [&](endpoint where) -> task<> {
            std::vector<tcp_stream> waiting;
            for (int i = 0; i < 4; ++i) {
                const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                REQUIRE(::connect(socket, where.address(), where.bytes()) == 0);
                waiting.emplace_back(here, socket, stream_options());
            }
            rlimit before{};
            REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
            const int next = ::dup(waiting.back().descriptor());
            ::close(next);
            const rlimit one_more{static_cast<rlim_t>(next) + 1, before.rlim_max};
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &one_more) == 0);
            for (auto& stream : waiting) {
                co_await ask(stream);
            }
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        };
        const auto ended = co_await serve_while(here, guests);
        CHECK(ended);
    });
    CHECK(reports > 0);
}

TEST_CASE("the pauses double from 10 ms to a second, and begin anew after a success") {
    const auto code = [](int value) { return std::error_code(value, std::system_category()); };
    accept_patience patience;
    for (const auto pause : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
        CHECK(patience.after(code(ECONNABORTED)).value() == 0ms);
        CHECK(patience.after(code(EMFILE)).value() == pause);
        CHECK(patience.is_first() == (pause == 10ms));
    }
    patience.succeeded();
    CHECK(patience.after(code(ENOMEM)).value() == 10ms);
    CHECK_FALSE(patience.after(code(EINVAL)));
    CHECK_FALSE(patience.after(code(ECANCELED)));
    CHECK_FALSE(patience.after(code(EBADF)));
}

TEST_CASE("serve() on a broken listener ends with its error") {
    accept_faults kernel;
    kernel.errors = {EINVAL};
    int reports = 0;
    on_shard(with_faults(kernel, reports), [](shard& here) -> task<> {
        const auto nobody = [&](endpoint) -> task<> {
            co_await nop(here);
            co_await nop(here);
        };
        const auto ended = co_await serve_while(here, nobody);
        REQUIRE_FALSE(ended);
        CHECK(ended.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("what a handler throws or returns as an error is the scope's") {
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        const auto failing = [](tcp_stream) -> task<result<void>> { co_return failure(EDOM); };
        const auto body = [&](children& kids) -> task<result<void>> {
            kids.spawn([&] { return tcp_stream::connect(here, where); });
            co_return co_await door.serve(kids, failing);
        };
        const auto ended = co_await scope(body);
        CHECK(ended.error() == std::errc::argument_out_of_domain);

        const std::string reason = "a handler with captures is copied into each child";
        const auto throwing = [reason](tcp_stream) -> task<> {
            co_await yield();
            throw std::runtime_error(reason);
        };
        const auto other = [&](children& kids) -> task<result<void>> {
            kids.spawn([&] { return tcp_stream::connect(here, where); });
            co_return co_await door.serve(kids, throwing);
        };
        std::string caught;
        try {
            static_cast<void>(co_await scope(other));
        } catch (const std::runtime_error& error) {
            caught = error.what();
        }
        CHECK(caught == reason);
    });
}

TEST_CASE("bind says which port the system chose, and refuses one that is taken") {
    on_shard([](shard& here) -> task<> {
        const auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        CHECK(where.port() != 0);
        const auto second = tcp_listener::bind(here, where);
        REQUIRE_FALSE(second);
        CHECK(second.error() == std::errc::address_in_use);
        const auto foreign = tcp_listener::bind(here, endpoint::parse("192.0.2.1:0").value());
        CHECK(foreign.error() == std::errc::address_not_available);
        co_return;
    });
}

TEST_CASE("a connection nobody listens for is refused in the system's words") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        const auto closed = co_await door.close();
        CHECK(closed);
        const auto stream = co_await tcp_stream::connect(here, where);
        REQUIRE_FALSE(stream);
        CHECK(stream.error() == std::errc::connection_refused);
        CHECK(stream.error().message() == "Connection refused");
    });
    CHECK(open_descriptors() == before);
}
