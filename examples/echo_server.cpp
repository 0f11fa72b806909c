// echo_server [PORT]: sends back what each client sends, until SIGINT or SIGTERM. Port 0, the
// default, lets the system choose one.
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

using namespace std::chrono_literals;

// One task for each client. One that goes away, or neither sends nor takes anything for 30 s, ends
// its own task and nobody else's.
pelton::task<> serve(pelton::tcp_stream client) {
    while (auto got = co_await pelton::with_timeout(30s, client.receive())) {  // a lease on pages
        if (got->empty()) break;  // the client sends no more
        // The same pages go out again.
        if (!co_await pelton::with_timeout(30s, client.send_all(*got))) break;
    }
}

pelton::task<pelton::result<void>> server(pelton::shard& here, std::uint16_t port) {
    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::any(port));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());
    fmt::print("listening on port {}\n", where->port());
    std::fflush(stdout);
    const auto doorman = [&door](pelton::children& clients) { return door->serve(clients, serve); };
    co_return co_await pelton::scope(doorman);  // ends when every client's task has
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view text = argc > 1 ? argv[1] : "0";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (argc > 2 || error != std::errc{} || end != text.data() + text.size()) {
        fmt::print(stderr, "usage: echo_server [PORT]\n");
        return 2;
    }
    pelton::options with;
    with.stop_on_signals = true;  // they end serve(), and with it every client's task
    return pelton::run(with, [port](pelton::shard& here) { return server(here, port); });
}
