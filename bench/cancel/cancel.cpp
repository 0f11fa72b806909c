#include <pelton/bench/cancel/cancel.hpp>
#include <pelton/bench/cancel/many_timers.hpp>
#include <pelton/bench/harness/callgrind.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/net/unix_stream.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>
#include <vector>

namespace pelton::bench {
namespace {

constexpr double bar_with_timeout = 1.05;
constexpr std::size_t message_bytes = 64;
constexpr std::size_t messages_at_once = 512;  // they fit a socket's buffer
constexpr auto limit = std::chrono::seconds(30);

// Receives, each with a deadline or without, in one frame.
template <bool Limited>
task<> receive_many(stream_socket& from, std::uint64_t count) {
    std::array<std::byte, message_bytes> memory{};
    const areas into{std::span(memory)};
    for (; count > 0; --count) {
        result<std::size_t> got = 0;
        if constexpr (Limited) {
            got = co_await with_timeout(limit, from.receive(into));
        } else {
            got = co_await from.receive(into);
        }
        check(got && *got == message_bytes, "a receive of the measurement failed");
    }
}

// The data are there: 512 messages by one send, then as many receives.
template <bool Limited>
task<> data_there(stream_socket& a, stream_socket& b, std::uint64_t operations) {
    const std::vector<std::byte> all(message_bytes * messages_at_once);
    for (; operations > 0; operations -= messages_at_once) {
        const auto sent = co_await a.send_all(areas::for_write(all));
        check(sent.has_value(), "a send of the measurement failed");
        co_await receive_many<Limited>(b, messages_at_once);
    }
}

// One side of a ping-pong, in which each receive waits for the other side's send.
template <bool Limited>
task<> play(stream_socket& on, bool begins, std::uint64_t rounds) {
    const std::array<std::byte, message_bytes> message{};
    for (; rounds > 0; --rounds) {
        if (!begins) co_await receive_many<Limited>(on, 1);
        const auto sent = co_await on.send_all(areas::for_write(message));
        check(sent.has_value(), "a send of the measurement failed");
        if (begins) co_await receive_many<Limited>(on, 1);
    }
}

template <bool Limited>
task<> data_coming(stream_socket& a, stream_socket& b, std::uint64_t operations) {
    auto body = [&](children& kids) -> task<> {
        kids.spawn([&, operations] { return play<Limited>(a, true, operations / 2); });
        kids.spawn([&, operations] { return play<Limited>(b, false, operations / 2); });
        co_return;
    };
    co_await scope(body);
}

using work = task<> (*)(stream_socket&, stream_socket&, std::uint64_t);

task<> time_case(const settings& s, report& out, std::string name, stream_socket& a,
                 stream_socket& b, work limited, work plain) {
    if (!s.wants(name)) co_return;
    std::uint64_t operations = messages_at_once;
    for (double wall = 0; wall < s.seconds_or(0.05); operations *= 2) {
        const stopwatch watch;
        co_await plain(a, b, operations);
        wall = watch.wall();
    }
    pairing pairs({"with_timeout", "plain"}, throughput_and_cpu(), s.pairs_or(micro_pairs));
    for (const auto turn : pairs.turns()) {
        const stopwatch watch;
        co_await (turn.contender == 0 ? limited : plain)(a, b, operations);
        pairs.record(turn, watch.over(static_cast<double>(operations)));
    }
    out.add(name, pairs, {{1, 1, bar_with_timeout}});
}

task<> time_both(const settings& s, report& out, const char* kind, stream_socket& a,
                 stream_socket& b) {
    co_await time_case(s, out, fmt::format("{}, data there", kind), a, b, data_there<true>,
                       data_there<false>);
    co_await time_case(s, out, fmt::format("{}, data coming", kind), a, b, data_coming<true>,
                       data_coming<false>);
}

task<result<void>> time_all(shard& here, const settings& s, report& out) {
    auto ends = unix_stream::pair(here);
    if (!ends) co_return std::unexpected(ends.error());
    co_await time_both(s, out, "unix", ends->first, ends->second);

    auto door = tcp_listener::bind(here, endpoint::loopback(0));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());
    auto client = co_await tcp_stream::connect(here, *where);
    if (!client) co_return std::unexpected(client.error());
    auto server = co_await door->accept();
    if (!server) co_return std::unexpected(server.error());
    for (auto* each : {&*client, &*server}) {
        if (const auto set = each->set_no_delay(true); !set) co_return set;
    }
    co_await time_both(s, out, "tcp", *client, *server);
    time_timers(here, s, out);
    co_return result<void>{};
}

task<result<void>> run_single(shard& here, const cancel_settings& own) {
    auto ends = unix_stream::pair(here);
    if (!ends) co_return std::unexpected(ends.error());
    const bool there = own.single.starts_with("there");
    const bool limited = own.single.ends_with("limited");
    const work all[2][2] = {{data_coming<false>, data_coming<true>},
                            {data_there<false>, data_there<true>}};
    co_await all[there ? 1 : 0][limited ? 1 : 0](ends->first, ends->second, own.operations);
    co_return result<void>{};
}

int count_instructions(report& out) {
    for (const std::string when : {"there", "coming"}) {
        const auto count = [&](const char* how) {
            return instructions_per_operation({{"cancel", "--single", when + " " + how},
                                               std::uint64_t{8} * messages_at_once,
                                               std::uint64_t{40} * messages_at_once});
        };
        const auto limited = count("limited");
        const auto plain = count("plain");
        if (!limited || !plain) {
            out.note("no instruction count: valgrind is missing or did not run this program");
            return 1;
        }
        out.add_exact("unix, data " + when, "plain", {"user_instructions_per_op", better::lower},
                      *limited, *plain);
    }
    return 0;
}

}  // namespace

int run_cancel(const settings& s, const cancel_settings& own) {
    if (!own.single.empty()) {
        return run([&](shard& here) { return run_single(here, own); });
    }
    report out("cancel", s);
    if (own.callgrind) return count_instructions(out);
    return run([&](shard& here) { return time_all(here, s, out); });
}

}  // namespace pelton::bench
