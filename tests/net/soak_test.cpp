// Stop requests and deadlines at random moments under load, until 100,000 operations have met one.
// Then everything is counted: descriptors, pages, connections, and every byte in its order.
#include "buffers/sanitizer.hpp"
#include "fixture.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/op/link.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/frame_pool.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <deque>
#include <random>
#include <string>

using namespace pelton;

namespace {

// AddressSanitizer's builds keep no frames.
const bool sanitized = PELTON_THREAD_SANITIZER || !frame_pool::keeps_frames();
const std::uint64_t cancels_wanted = sanitized ? 5'000 : 100'000;

// A connection whose bytes are numbered, so that each can be told.
struct numbered_pair {
    numbered_pair(shard& here, test::two_ends ends)
        : from(here, ends.in.release(), stream_options()),
          into(here, ends.out.release(), stream_options()) {}

    tcp_stream from;
    tcp_stream into;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

std::byte numbered(std::uint64_t at) {
    return static_cast<std::byte>(at % 251);
}

class soak {
public:
    explicit soak(shard& here)
        : here_(here),
          file_(test::make_file(where_ / "file", test::random_bytes(100, 1))),
          door_(tcp_listener::bind(here, endpoint::loopback(0)).value()),
          address_(door_.local().value()) {
        for (int i = 0; i < 4; ++i) {
            pairs_.emplace_back(here, test::make_socket_pair());
        }
    }

    task<> run() {
        while (met_ < cancels_wanted) {
            auto family = [this](children& kids) -> task<> {
                for (auto& pair : pairs_) {
                    kids.spawn([this, &pair] { return send(pair); });
                    kids.spawn([this, &pair] { return receive(pair); });
                }
                kids.spawn([this] { return accept(); });
                kids.spawn([this] { return open(); });
                for (int i = 0; i < 6; ++i) {
                    kids.spawn([this] { return take_pages(); });
                }
                kids.spawn([this] { return chain(); });
                for (auto turns = luck_() % 8; turns > 0; --turns) {
                    static_cast<void>(co_await nop(here_));
                }
                kids.request_stop();
            };
            co_await scope(family);
        }
        co_await settle();
    }

private:
    std::chrono::nanoseconds some_time() { return std::chrono::nanoseconds(luck_() % 40'000); }

    // Every operation here meets a stop request or a deadline: `ended` says whether it lost.
    template <class Result>
    bool judge(const Result& ended) {
        if (ended) {
            return true;
        }
        CHECK((ended.error() == std::errc::operation_canceled ||
               ended.error() == std::errc::timed_out));
        ++met_;
        return false;
    }

    task<> send(numbered_pair& pair) {
        std::vector<std::byte> bytes(1 + luck_() % 20'000);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = numbered(pair.sent + i);
        }
        std::size_t moved = 0;
        const auto view = areas(std::span(bytes));
        if (luck_() % 2 == 0) {
            judge(co_await with_timeout(some_time(), pair.from.send_all(view, &moved)));
        } else {
            judge(co_await pair.from.send_all(view, &moved));
        }
        pair.sent += moved;
    }

    void check_arrived(numbered_pair& pair, std::span<const std::byte> bytes) {
        bool right = true;
        for (const auto each : bytes) {
            right = right && each == numbered(pair.received++);
        }
        CHECK(right);
    }

    task<> receive(numbered_pair& pair) {
        std::array<std::byte, 5'000> memory{};
        const auto view = areas(std::span(memory));
        std::size_t moved = 0;
        switch (luck_() % 4) {
            case 0:
                judge(co_await with_timeout(some_time(), pair.into.receive_exactly(view, &moved)));
                break;
            case 1:
                judge(co_await pair.into.receive_exactly(view, &moved));
                break;
            case 2: {
                const auto got = co_await with_timeout(some_time(), pair.into.receive(view));
                moved = judge(got) ? *got : 0;
                break;
            }
            default: {
                const auto got = co_await pair.into.receive();
                if (judge(got)) {
                    check_arrived(pair, got->bytes());
                }
                co_return;
            }
        }
        check_arrived(pair, std::span(memory).first(moved));
    }

    task<> accept() {
        if (luck_() % 2 == 0 && connected_ < 3'000) {
            const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            CHECK(::connect(socket, address_.address(), address_.bytes()) == 0);
            ::close(socket);
            ++connected_;
        }
        const auto got = co_await door_.accept();
        accepted_ += judge(got) ? 1 : 0;
    }

    task<> open() {
        if (luck_() % 2 == 0) {
            judge(co_await with_timeout(some_time(), file::open(here_, file_, open_mode::read)));
        } else {
            judge(co_await file::open(here_, file_, open_mode::read));
        }
    }

    task<> take_pages() {
        const auto some = 1 + luck_() % (here_.pages().pool().pages() / 2);
        const auto mine = co_await here_.pages().take(some);
        if (judge(mine)) {
            for (auto turns = luck_() % 4; turns > 0; --turns) {
                static_cast<void>(co_await nop(here_));
            }
        }
    }

    task<> chain() {
        const auto [ready, after] =
            co_await link(poll_operation(here_, door_.descriptor(), POLLOUT), nop(here_));
        judge(ready);
        CHECK((after || after.error() == std::errc::operation_canceled));
    }

    // Whatever is still on its way comes home.
    task<> settle() {
        for (auto& pair : pairs_) {
            CHECK(pair.from.shutdown(half::sending));
            for (;;) {
                const auto rest = co_await pair.into.receive();
                REQUIRE(rest);
                if (rest->empty()) {
                    break;
                }
                check_arrived(pair, rest->bytes());
            }
            CHECK(pair.sent == pair.received);
            CHECK(pair.sent > 0);
        }
        while (accepted_ < connected_) {
            CHECK(co_await door_.accept());
            ++accepted_;
        }
        const auto more = co_await with_timeout(std::chrono::milliseconds(1), door_.accept());
        CHECK(more.error() == std::errc::timed_out);
        // All are home but those that lie ready for the kernel to pick.
        const auto* ready = here_.received();
        const auto ready_pages = ready != nullptr ? ready->pages_held() : 0;
        CHECK(here_.pages().pool().lent_pages() == ready_pages);
        CHECK(here_.completions().counters().cancels > 0);
        CHECK(here_.clock().empty());
    }

    shard& here_;
    test::scratch_directory where_;
    std::string file_;
    tcp_listener door_;
    endpoint address_;
    std::deque<numbered_pair> pairs_;
    std::mt19937 luck_{20'260'101};
    std::uint64_t met_ = 0;  // operations that a stop request or a deadline ended
    int connected_ = 0;
    int accepted_ = 0;
};

}  // namespace

TEST_SUITE("slow") {
    TEST_CASE("100,000 random cancels under load lose no byte, descriptor, connection or page") {
        if (sanitized) {
            MESSAGE("under a sanitizer: ", cancels_wanted, " cancels");
        }
        const auto before = test::open_descriptors();
        options with;
        with.notice = [](std::string_view) {};
        with.page_bytes = std::size_t{64} * 4096;
        with.ring.sq_entries = 8;  // so that some of them queue for room
        test::on_shard(with, [](shard& here) -> task<> {
            soak all(here);
            co_await all.run();
        });
        CHECK(test::open_descriptors() == before);
    }
}
