#include "abuse_fixture.hpp"
#include "skip.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

using namespace pelton;
using namespace pelton::test;
using namespace std::chrono_literals;

namespace {

// A limit of at least `wanted` descriptors, for as long as it lives.
class descriptors_for_all {
public:
    explicit descriptors_for_all(rlim_t wanted) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const rlimit more{std::max(wanted, before_.rlim_cur), std::max(wanted, before_.rlim_max)};
        granted_ = ::setrlimit(RLIMIT_NOFILE, &more) == 0;
    }
    descriptors_for_all(const descriptors_for_all&) = delete;
    descriptors_for_all& operator=(const descriptors_for_all&) = delete;
    ~descriptors_for_all() {
        if (granted_) {
            ::setrlimit(RLIMIT_NOFILE, &before_);
        }
    }
    bool granted() const noexcept { return granted_; }

private:
    rlimit before_{};
    bool granted_ = false;
};

constexpr int crowd = 10'000;

struct crowd_log {
    int connected = 0;
    int answered = 0;
};

// Connects, waits until everybody has, and asks once.
task<> be_one_of_them(shard& here, endpoint where, int number, crowd_log& log,
                      std::optional<tcp_stream>& mine) {
    auto made = co_await tcp_stream::connect(here, where);
    ++log.connected;
    if (!made || !made->options().set_linger(0s)) {
        co_return;  // not answered, so the test fails
    }
    mine.emplace(std::move(*made));
    const auto everybody = [&] { return log.connected == crowd; };
    co_await until(everybody);
    message_memory memory{};
    std::memcpy(memory.data(), &number, sizeof(number));
    const auto wanted = memory;
    const auto sent = co_await mine->send_all(std::span(memory));
    const auto got = co_await mine->receive_exactly(std::span(memory));
    log.answered += sent && got && memory == wanted ? 1 : 0;
}

// All of them in a process of its own, which has as many descriptors as the server. They reset
// their connections at the end, so that no port is left waiting for late segments.
int run_crowd(endpoint where) {
    return run(quiet(), [where](shard& here) -> task<int> {
        std::vector<std::optional<tcp_stream>> all(crowd);
        crowd_log log;
        const auto body = [&](children& kids) -> task<> {
            for (int i = 0; i < crowd; ++i) {
                kids.spawn([&, i] {
                    return be_one_of_them(here, where, i, log, all[static_cast<std::size_t>(i)]);
                });
            }
            co_return;
        };
        co_await scope(body);
        co_return log.answered == crowd ? 0 : 1;
    });
}

// Runs them while it lives. They begin when they are told where.
class crowd_process {
public:
    crowd_process() {
        REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
        process_ = ::fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            ::close(ends_[1]);
            endpoint where;
            const bool told = ::read(ends_[0], &where, sizeof(where)) == sizeof(where);
            ::_exit(told ? run_crowd(where) : 2);
        }
        ::close(ends_[0]);
    }
    crowd_process(const crowd_process&) = delete;
    crowd_process& operator=(const crowd_process&) = delete;
    ~crowd_process() {
        ::close(ends_[1]);
        if (!ended()) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, &status_, 0);
        }
    }
    void begin(endpoint where) const {
        REQUIRE(::write(ends_[1], &where, sizeof(where)) == sizeof(where));
    }
    bool ended() {
        ended_ = ended_ || ::waitpid(process_, &status_, WNOHANG) == process_;
        return ended_;
    }
    bool succeeded() const { return ended_ && WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

private:
    std::array<int, 2> ends_{};
    pid_t process_ = -1;
    int status_ = 0;
    bool ended_ = false;
};

}  // namespace

TEST_SUITE("slow alone") {
    TEST_CASE("10,000 connections at once are all served, and all they took comes back") {
        const descriptors_for_all room(crowd + 200);
        if (!room.granted()) {
            pelton_test::skip("RLIMIT_NOFILE cannot be raised to 10,200");
            return;
        }
        crowd_process clients;
        on_shard([&](shard& here) -> task<> {
            here.pages();
            auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
            server_log log;
            int most = 0;
            const auto handler = [&](tcp_stream client) {
                most = std::max(most, log.began + 1 - log.ended);
                return answer_messages(log, std::move(client));
            };
            const auto abuse = [&](endpoint where) -> task<> {
                clients.begin(where);
                // Somebody else is served while they come, and while they stay.
                const auto all_began = [&] { return log.began >= crowd + 1; };
                while (!all_began() && !clients.ended()) {
                    co_await is_served(here, where, 1);
                    static_cast<void>(co_await sleep(5ms));
                }
                const auto gone = [&] { return clients.ended() && log.ended == log.began; };
                co_await until(gone);
                CHECK(clients.succeeded());
                CHECK(most >= crowd);
                CHECK(log.broken == crowd);
            };
            co_await serve_under(here, door, handler, abuse);
        });
    }
}
