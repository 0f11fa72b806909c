#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/bench/zerocopy/copied.hpp>
#include <pelton/bench/zerocopy/receiver.hpp>
#include <pelton/bench/zerocopy/veth_pair.hpp>
#include <pelton/bench/zerocopy/zerocopy.hpp>
#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <array>
#include <span>
#include <vector>

namespace pelton::bench {
namespace {

using namespace zerocopy;

constexpr unsigned sender_core = 0;
constexpr unsigned receiver_core = 1;
constexpr std::size_t smallest = std::size_t{1} << 10;
constexpr std::size_t largest = std::size_t{1} << 20;
constexpr std::size_t probe_bytes = std::size_t{64} << 10;

struct path {
    std::string name;
    endpoint to;
    pid_t receiver;
};

std::string size_name(std::size_t bytes) {
    return bytes < largest ? fmt::format("{} KiB", bytes >> 10) : "1 MiB";
}
std::string case_name(const path& by, std::size_t bytes) {
    return fmt::format("{}, {}", by.name, size_name(bytes));
}
bool wants_any(const settings& s, const std::string& name) {
    for (auto bytes = smallest; bytes <= largest; bytes *= 2) {
        if (s.wants(fmt::format("{}, {}", name, size_name(bytes)))) return true;
    }
    return false;
}

task<result<std::vector<lease>>> make_messages(shard& here, std::size_t bytes) {
    std::vector<lease> all;
    for (unsigned variant = 0; variant < variants; ++variant) {
        auto run =
            co_await here.pages().take((bytes + arena::page_bytes() - 1) / arena::page_bytes());
        if (!run) co_return std::unexpected(run.error());
        run->narrow(0, bytes);
        for (std::size_t i = 0; i < bytes; ++i) {
            run->data()[i] = byte_of(variant, i);
        }
        all.push_back(std::move(*run));
    }
    co_return all;
}

// Sends `count` messages, one after the other, and waits until the receiver has them all.
task<> send_messages(tcp_stream& on, const std::vector<lease>& messages, std::uint64_t count,
                     bool compared) {
    const auto bytes = messages.front().bytes().size();
    const order what{bytes, count * bytes, compared ? 1U : 0U};
    auto sent = co_await on.send_all(areas::for_write(std::as_bytes(std::span(&what, 1))));
    for (std::uint64_t i = 0; i < count && sent; ++i) {
        sent = co_await on.send_all(messages[i % variants]);
    }
    std::array<std::byte, 1> answer{};
    const auto there = co_await on.receive_exactly(areas(std::span(answer)));
    check(sent && there, "a send of the measurement failed");
}

struct streams {
    tcp_stream without_copy;
    tcp_stream plain;
};

// Whether two sends cost less without a copy: CPU of both ends.
task<result<estimate>> time_case(shard& here, const settings& s, report& out, const path& by,
                                 streams& on, std::size_t bytes) {
    auto messages = co_await make_messages(here, bytes);
    if (!messages) co_return std::unexpected(messages.error());
    const std::array contenders = {&on.without_copy, &on.plain};
    for (auto* each : contenders) {
        co_await send_messages(*each, *messages, 2 * variants + 1, true);
    }
    std::uint64_t count = variants;
    for (double wall = 0; wall < s.seconds_or(0.05) / 2; count *= 2) {
        const stopwatch watch;
        co_await send_messages(on.plain, *messages, count, false);
        wall = watch.wall();
    }
    pairing pairs({"send_zc", "send"},
                  {{"MiB_per_second", better::higher},
                   {"sender_cpu_ns_per_KiB", better::lower},
                   {"both_cpu_ns_per_KiB", better::lower}},
                  s.pairs_or(macro_pairs));
    const auto kib = static_cast<double>(count * bytes) / 1024;
    std::uint64_t without_copy = 0;
    for (const auto turn : pairs.turns()) {
        const auto fixed_before = here.counters().fixed_transfers;
        const double receiver_before = cpu_of(by.receiver);
        const stopwatch watch;
        co_await send_messages(*contenders[turn.contender], *messages, count, false);
        const double wall = watch.wall();
        const double sender = watch.cpu();
        const double both = sender + cpu_of(by.receiver) - receiver_before;
        pairs.record(turn, {kib / 1024 / wall, sender * 1e9 / kib, both * 1e9 / kib});
        if (turn.contender == 0) without_copy += here.counters().fixed_transfers - fixed_before;
    }
    out.add(case_name(by, bytes), pairs);
    const auto asked = count * (pairs.turns().size() / contenders.size());
    if (without_copy < asked) {
        out.note(fmt::format("    of {} sends only {} were without a copy", asked, without_copy));
    }
    co_return pairs.ratio(0, 1, 2);
}

task<result<void>> time_path(shard& here, const settings& s, report& out, const path& by) {
    stream_options always;
    always.zero_copy_bytes = 0;
    auto without_copy = co_await tcp_stream::connect(here, by.to, always);
    if (!without_copy) co_return std::unexpected(without_copy.error());
    auto plain = co_await tcp_stream::connect(here, by.to);
    if (!plain) co_return std::unexpected(plain.error());
    streams on{std::move(*without_copy), std::move(*plain)};
    for (auto* each : {&on.without_copy, &on.plain}) {
        if (const auto set = each->set_no_delay(true); !set) co_return set;
    }
    std::size_t pays_from = 0;  // this size and all above it
    for (auto bytes = smallest; bytes <= largest; bytes *= 2) {
        if (!s.wants(case_name(by, bytes))) continue;
        const auto ratio = co_await time_case(here, s, out, by, on, bytes);
        if (!ratio) co_return std::unexpected(ratio.error());
        if (ratio->hi >= 1) {
            pays_from = 0;
        } else if (pays_from == 0) {
            pays_from = bytes;
        }
    }
    out.note(pays_from == 0
                 ? fmt::format("    {}: sends without a copy cost no less CPU at 1 MiB", by.name)
                 : fmt::format("    {}: sends without a copy cost less CPU from {} on", by.name,
                               size_name(pays_from)));
    co_return result<void>{};
}

int run_path(const settings& s, report& out, const path& by) {
    const auto copied = copies(by.to, probe_bytes);
    out.note(fmt::format("    {}: the kernel {} what is sent without a copy", by.name,
                         !copied   ? "does not say whether it copies"
                         : *copied ? "says that it copies"
                                   : "says that it does not copy"));
    options with;
    with.lasting_records = 1U << 14;  // one for each message of 1 KiB that a socket may hold
    return run(with, [&](shard& here) { return time_path(here, s, out, by); });
}

int run_loopback(const settings& s, report& out) {
    receiver other(receiver_core, false);
    const auto port = other.listen_on({}, {});
    check(port != 0, "the receiver of the measurement did not start");
    return run_path(s, out, {"loopback", endpoint::loopback(port), other.id()});
}

int run_veth(const settings& s, report& out) {
    try {
        receiver other(receiver_core, true);
        const bool made = make_veth_pair(other.id());
        const auto port = made ? other.listen_on(far_device, far_address) : std::uint16_t{0};
        if (port != 0) {
            const auto to = endpoint::parse(fmt::format("{}:{}", far_host, port));
            return run_path(s, out, {"veth", *to, other.id()});
        }
    } catch (const std::system_error& refused) {
        out.note(fmt::format("    {}", refused.what()));
    }
    out.note("    veth is left out: making network namespaces needs root, and the program ip");
    return 0;
}

}  // namespace

int run_zerocopy(const settings& s) {
    report out("zerocopy", s);
    stay_on_core(sender_core);
    if (wants_any(s, "loopback")) {
        if (const int failed = run_loopback(s, out); failed != 0) return failed;
    }
    // Last: this process is in another network namespace from then on.
    return wants_any(s, "veth") ? run_veth(s, out) : 0;
}

}  // namespace pelton::bench
