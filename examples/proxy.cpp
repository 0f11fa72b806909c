// proxy LISTEN TARGET: hands each TCP connection to LISTEN on to TARGET, both ways, as in
// "proxy 127.0.0.1:8080 [::1]:80". Port 0 lets the system choose one.
//
// What happens on one side happens on the other: an end of the stream is passed on and leaves the
// other direction open; a side that takes nothing is not read for, so its peer has to wait; a
// connection that breaks breaks the other.
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace {

using namespace std::chrono_literals;
using pelton::endpoint;
using pelton::result;
using pelton::task;
using pelton::tcp_stream;

// One direction, until `from` ends it. Waiting costs no pages: the kernel picks them for what
// comes.
task<result<void>> pump(tcp_stream& from, tcp_stream& into) {
    for (;;) {
        const auto got = co_await from.receive();
        if (!got) co_return std::unexpected(got.error());
        if (got->empty()) co_return into.shutdown(pelton::half::sending);
        const auto sent = co_await into.send_all(*got);
        if (!sent) co_return std::unexpected(sent.error());
    }
}

// Small messages go on at once, as they came; a peer whose machine is gone is found out.
void set_up(const tcp_stream& one) {
    (void)one.options().set_no_delay(true);
    (void)one.options().set_keep_alive(pelton::keep_alive(60s, 10s, 6));
}

// Unlike fmt::print(), which throws: where nobody can be told, the other connections go on.
void complain(const endpoint& about, std::error_code why) {
    (void)std::fputs(fmt::format("proxy: {}: {}\n", about.to_string(), why.message()).c_str(),
                     stderr);
}

// A client whose target cannot be reached is closed; the connections of the others go on.
task<> serve(pelton::shard& here, endpoint target, tcp_stream client) {
    auto server = co_await pelton::with_timeout(10s, tcp_stream::connect(here, target));
    if (!server) {
        complain(target, server.error());
        co_return;
    }
    set_up(client);
    set_up(*server);
    const auto both = [&](pelton::children& ways) -> task<result<void>> {
        ways.spawn([&] { return pump(client, *server); }, "to the target");
        co_return co_await pump(*server, client);
    };
    if (!co_await pelton::scope(both)) {  // what fails first has stopped the other direction, too
        // Closed so, a connection is reset: neither side takes a part of a stream for the whole.
        (void)client.options().set_linger(0s);
        (void)server->options().set_linger(0s);
    }
}

task<int> proxy(pelton::shard& here, endpoint where, endpoint target) {
    auto door = pelton::tcp_listener::bind(here, where);
    const auto local = door ? door->local() : std::unexpected(door.error());
    if (!local) {
        complain(where, local.error());
        co_return 1;
    }
    fmt::print("listening on port {}\n", local->port());
    std::fflush(stdout);
    const auto greet = [&](tcp_stream client) { return serve(here, target, std::move(client)); };
    const auto doorman = [&](pelton::children& clients) { return door->serve(clients, greet); };
    const auto ended = co_await pelton::scope(doorman);
    if (!ended) {
        complain(where, ended.error());
    }
    co_return ended ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto where = endpoint::parse(argc == 3 ? argv[1] : "");
    const auto target = endpoint::parse(argc == 3 ? argv[2] : "");
    if (!where || !target) {
        fmt::print(stderr, "usage: proxy ADDRESS:PORT ADDRESS:PORT\n");
        return 2;
    }
    pelton::options with;
    with.stop_on_signals = true;
    return pelton::run(with, [&](pelton::shard& here) { return proxy(here, *where, *target); });
}
