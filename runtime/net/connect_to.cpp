#include <pelton/runtime/net/connect_to.hpp>
#include <pelton/runtime/net/resolve.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/flow.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace pelton {
namespace {

// What the attempts of one connection share. It lives in the frame of connect_to_first().
struct race {
    race(shard& on, connect_options how) noexcept : here(on), options(how) {}

    shard& here;
    connect_options options;
    std::optional<tcp_stream> winner;
    std::error_code first_error;
    children* all = nullptr;        // to be stopped once there is a winner
    children* napping = nullptr;    // whoever starts the next attempt sleeps in here
    bool failed_meanwhile = false;  // since the latest attempt began
};

// One attempt. A stream that comes too late closes itself.
task<> attempt(race& of, endpoint to) {
    auto made = co_await tcp_stream::connect(of.here, to, of.options.stream);
    if (!made) {
        if (!of.first_error) {
            of.first_error = made.error();
        }
        of.failed_meanwhile = true;
        if (of.napping != nullptr) {
            of.napping->request_stop();
        }
    } else if (!of.winner) {
        of.winner.emplace(std::move(*made));
        of.all->request_stop();
    }
}

// Until the delay has passed, or an attempt has failed.
task<> nap(race& of) {
    if (of.failed_meanwhile) {
        co_return;
    }
    const auto body = [&of](children& kids) -> task<> {
        of.napping = &kids;
        static_cast<void>(co_await sleep(of.options.attempt_delay));
        of.napping = nullptr;
    };
    co_await scope(body);
}

}  // namespace

std::vector<endpoint> alternate_families(const std::vector<endpoint>& preferred) {
    std::vector<endpoint> first;
    std::vector<endpoint> other;
    for (const auto& each : preferred) {
        (each.family() == preferred.front().family() ? first : other).push_back(each);
    }
    std::vector<endpoint> all;
    for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
        if (i < first.size()) {
            all.push_back(first[i]);
        }
        if (i < other.size()) {
            all.push_back(other[i]);
        }
    }
    return all;
}

task<result<tcp_stream>> connect_to_first(shard& here, std::vector<endpoint> candidates,
                                          connect_options options) {
    if (candidates.empty()) {
        co_return failure(EINVAL);
    }
    const auto& flow = co_await current_strand();
    race of(here, options);
    const auto body = [&of, &candidates](children& kids) -> task<> {
        of.all = &kids;
        const auto& mine = co_await current_strand();
        for (std::size_t i = 0; i < candidates.size() && !mine.stop_requested; ++i) {
            of.failed_meanwhile = false;
            kids.spawn([&of, to = candidates[i]] { return attempt(of, to); }, "connect");
            if (i + 1 < candidates.size()) {
                co_await nap(of);
            }
        }
    };
    co_await scope(body);
    if (of.winner) {
        co_return std::move(*of.winner);
    }
    co_return flow.stop_requested ? failure(ECANCELED) : std::unexpected(of.first_error);
}

task<result<tcp_stream>> connect_to(shard& here, std::string host, std::uint16_t port,
                                    connect_options options) {
    const auto found = co_await resolve(here, std::move(host), port);
    if (!found) {
        co_return std::unexpected(found.error());
    }
    co_return co_await connect_to_first(here, alternate_families(*found), options);
}

}  // namespace pelton
