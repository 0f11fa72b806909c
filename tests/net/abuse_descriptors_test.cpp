#include "abuse_fixture.hpp"

#include <sys/resource.h>

#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// Lets the process have no more descriptors than it has, for as long as it lives.
class no_more_descriptors {
public:
    no_more_descriptors() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const int next = ::dup(STDERR_FILENO);
        ::close(next);
        const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    no_more_descriptors(const no_more_descriptors&) = delete;
    no_more_descriptors& operator=(const no_more_descriptors&) = delete;
    ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("without descriptors accepting pauses and does not spin, and all are served later") {
    int reports = 0;
    // A multishot accept that is pending keeps the limit that it began with.
    auto with = masked("accept_multishot");
    with.error = [&](std::error_code error, std::string_view what) {
        ++reports;
        CHECK(error == std::errc::too_many_files_open);
        CHECK(what.find("ulimit -n") != std::string_view::npos);
    };
    on_shard(std::move(with), [&](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        server_log log;
        const auto handler = [&log](tcp_stream client) {
            return answer_messages(log, std::move(client));
        };
        constexpr int crowd = 50;
        const auto abuse = [&](endpoint where) -> task<> {
            std::vector<tcp_stream> waiting;
            for (int i = 0; i < crowd; ++i) {
                const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                REQUIRE(made >= 0);
                waiting.emplace_back(here, made, stream_options());
            }
            // The end of an earlier connection would give one back.
            const auto nobody_left = [&] { return log.ended == log.began; };
            co_await until(nobody_left);
            {
                const no_more_descriptors from_here;
                for (const auto& each : waiting) {
                    REQUIRE(::connect(each.descriptor(), where.address(), where.bytes()) == 0);
                }
                // Ten or more pauses' worth of time would be thousands of turns for a loop that
                // tries again at once.
                const auto turns = here.counters().turns;
                const auto began = log.began;
                static_cast<void>(co_await sleep(std::chrono::milliseconds(200)));
                CHECK(log.began <=
                      began + 1);  // the accept that was pending has its limit from then
                CHECK(here.counters().turns - turns < 50);
                CHECK(reports == 1);
            }
            for (auto& each : waiting) {
                co_await exchange(each, 1);
            }
            CHECK(reports == 1);
        };
        co_await serve_under(here, door, handler, abuse);
        CHECK(log.began == crowd + 2);
    });
}

TEST_CASE("a client without a descriptor is told so, and connects when there is one") {
    on_shard([](shard& here) -> task<> {
        here.pages();
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        {
            const no_more_descriptors from_here;
            const auto refused = co_await tcp_stream::connect(here, where);
            CHECK(refused.error() == std::errc::too_many_files_open);
        }
        const auto made = co_await tcp_stream::connect(here, where);
        CHECK(made);
    });
}

TEST_CASE("a server that takes its first pages when no descriptors are left has them") {
    on_shard([](shard& here) -> task<> {
        auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
        const auto where = door.local().value();
        bool has_pages = false;
        const auto handler = [&](tcp_stream client) -> task<> {
            message_memory memory{};
            REQUIRE(co_await client.receive_exactly(std::span(memory)));
            const no_more_descriptors from_here;
            has_pages = here.pages().take_now(1).has_value();
        };
        const auto body = [&](children& kids) -> task<> {
            const auto serve = [&](children& clients) { return door.serve(clients, handler); };
            kids.spawn([&] { return scope(serve); });
            auto client = (co_await tcp_stream::connect(here, where)).value();
            message_memory memory{};
            REQUIRE(co_await client.send_all(std::span(memory)));
            CHECK((co_await client.receive(std::span(memory))).value() == 0);
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(has_pages);
    });
}
