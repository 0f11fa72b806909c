// http_files DIRECTORY [PORT]: serves the files below a directory over HTTP/1.1, with keep-alive,
// ranges and conditional requests. Port 0, the default, lets the system choose one.
//
// main -> connection (one task for each client) -> request -> site -> response.
#include <pelton/examples/http_files/connection.hpp>
#include <pelton/examples/http_files/site.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

using pelton::result;
using pelton::task;

task<> serve_client(pelton::shard& here, const http_files::site& files, pelton::tcp_stream stream) {
    http_files::connection client(here, files, {}, std::move(stream));
    co_await client.serve();
}

task<int> server(pelton::shard& here, const char* path, std::uint16_t port) {
    auto root = co_await pelton::directory::open(here, path);
    if (!root) {
        fmt::print(stderr, "http_files: {}: {}\n", path, root.error().message());
        co_return 1;
    }
    const http_files::site files(std::move(*root));
    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::any(port));
    if (!door) {
        fmt::print(stderr, "http_files: port {}: {}\n", port, door.error().message());
        co_return 1;
    }
    fmt::print("listening on port {}\n", door->local()->port());
    std::fflush(stdout);
    const auto greet = [&](pelton::tcp_stream stream) {
        return serve_client(here, files, std::move(stream));
    };
    const auto doorman = [&](pelton::children& clients) { return door->serve(clients, greet); };
    if (const auto ended = co_await pelton::scope(doorman); !ended) {
        fmt::print(stderr, "http_files: port {}: {}\n", port, ended.error().message());
        co_return 1;
    }
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view text = argc > 2 ? argv[2] : "0";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (argc < 2 || argc > 3 || error != std::errc{} || end != text.data() + text.size()) {
        fmt::print(stderr, "usage: http_files DIRECTORY [PORT]\n");
        return 2;
    }
    pelton::options with;
    with.page_bytes = std::size_t{64} << 20;  // 512 clients at once that take their time
    with.stop_on_signals = true;
    return pelton::run(with, [&](pelton::shard& here) { return server(here, argv[1], port); });
}
