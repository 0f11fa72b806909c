// echo_server [port]: sends back what each client sends; port 0, the default, lets the system
// choose.
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

// One task for each client. A client that goes away ends its own task and nobody else's.
pelton::task<> serve(pelton::tcp_stream client) {
    using std::chrono_literals::operator""s;
    // A lease on pages of the shard's pool; a client that is idle for so long is let go.
    while (auto got = co_await pelton::with_timeout(30s, client.receive())) {
        if (got->empty()) break;                     // the client sends no more
        if (!co_await client.send_all(*got)) break;  // the same pages go out again
    }
}

pelton::task<pelton::result<void>> server(pelton::shard& here, std::uint16_t port) {
    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::any(port));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());
    std::printf("listening on port %u\n", unsigned{where->port()});
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
        std::fprintf(stderr, "usage: echo_server [port]\n");
        return 2;
    }
    return pelton::run([port](pelton::shard& here) { return server(here, port); });
}
