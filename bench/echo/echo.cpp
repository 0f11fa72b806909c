#include <pelton/bench/echo/client.hpp>
#include <pelton/bench/echo/echo.hpp>
#include <pelton/bench/echo/server_process.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/harness/report.hpp>

#include <fmt/format.h>

#include <deque>

namespace pelton::bench {
namespace {

constexpr unsigned server_core = 0;
constexpr unsigned client_core = 1;
constexpr double cpu_bar = 1.03;  // of raw, multishot

struct contender {
    const char* name;
    void (*serve)(const echo::serving&);
};

void run_case(const settings& s, report& out, unsigned connections, std::size_t bytes) {
    const std::string name = fmt::format("{} connections, {} B", connections, bytes);
    if (!s.wants(name)) return;
    std::vector<contender> contenders = {{"pelton", echo::serve_pelton},
                                         {"raw, multishot", echo::serve_raw_multishot},
                                         {"raw, single shot", echo::serve_raw_single_shot}};
    if (echo::asio_is_built_in()) contenders.push_back({"asio (epoll)", echo::serve_asio});
    if (echo::asio_on_io_uring_is_built()) {
        contenders.push_back({"asio (io_uring)", echo::serve_asio_on_io_uring});
    }

    // All are up at once: a server without load uses no CPU.
    std::deque<echo::server_process> servers;
    std::vector<std::string> names;
    for (const contender& each : contenders) {
        servers.emplace_back(each.serve, connections, bytes, server_core);
        names.emplace_back(each.name);
    }
    pairing pairs(names,
                  {{"server_cpu_us_per_request", better::lower},
                   {"requests_per_second", better::higher},
                   {"p50_us", better::lower},
                   {"p99_us", better::lower}},
                  s.pairs_or(macro_pairs));
    std::vector<std::vector<double>> busy(contenders.size());  // of the time it could run
    std::vector<std::vector<double>> left(contenders.size());  // by other work, of all time
    std::vector<double> client_busy;
    std::vector<double> client_left;
    const double seconds = s.seconds_or(1.0);
    for (const auto turn : pairs.turns()) {
        const auto& server = servers[turn.contender];
        const echo::load_outcome got =
            echo::run_load({server.port(), connections, bytes, seconds / 5, seconds, server.id()});
        pairs.record(turn, {got.server_cpu * 1e6 / got.requests, got.requests / got.wall,
                            got.p50_us, got.p99_us});
        busy[turn.contender].push_back(got.server_cpu / (got.wall - got.server_waited));
        left[turn.contender].push_back(1 - got.server_waited / got.wall);
        client_busy.push_back(got.client_cpu / (got.wall - got.client_waited));
        client_left.push_back(1 - got.client_waited / got.wall);
    }
    const bool has_bar = connections > 1;
    out.add(name, pairs, has_bar ? std::vector<bar>{{1, 0, cpu_bar}} : std::vector<bar>{});
    std::string sentence = "    busy, of the time that other work left:";
    for (std::size_t i = 0; i < contenders.size(); ++i) {
        sentence += fmt::format(" {} {:.0f} of {:.0f} %,", contenders[i].name,
                                100 * median_of(busy[i]), 100 * median_of(left[i]));
    }
    sentence += fmt::format(" the client {:.0f} of {:.0f} %", 100 * median_of(client_busy),
                            100 * median_of(client_left));
    out.note(sentence);
}

}  // namespace

int run_echo(const settings& s) {
    report out("echo", s);
    stay_on_core(client_core);
    for (const std::size_t bytes : {std::size_t{64}, std::size_t{4096}}) {
        for (const unsigned connections : {1U, 64U, 512U}) {
            run_case(s, out, connections, bytes);
        }
    }
    return 0;
}

}  // namespace pelton::bench
