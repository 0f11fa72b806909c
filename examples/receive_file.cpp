// receive_file FILE [port]: writes the payloads of one connection's messages to FILE, one behind
// the other, from the pages the kernel received them into. A message is a header of 40 bytes, the
// first 8 of them the payload's length, least byte first, and the payload.
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

constexpr std::size_t header_bytes = 40;
constexpr std::size_t part_bytes = std::size_t{1} << 20;  // of a payload, in pages at once

int failed(std::string_view what, std::error_code why) {
    fmt::print(stderr, "receive_file: {}: {}\n", what, why.message());
    return 1;
}

std::uint64_t length_in(const std::array<std::byte, header_bytes>& header) {
    std::uint64_t length = 0;
    for (std::size_t i = sizeof(length); i-- > 0;) {
        length = (length << 8) | std::to_integer<std::uint64_t>(header[i]);
    }
    return length;
}

pelton::task<int> receive(pelton::shard& here, const char* path, std::uint16_t port) {
    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::loopback(port));
    if (!door) co_return failed("listening", door.error());
    const auto where = door->local();
    if (!where) co_return failed("listening", where.error());
    fmt::print("listening on port {}\n", where->port());
    std::fflush(stdout);
    auto client = co_await door->accept();
    if (!client) co_return failed("accepting", client.error());
    using pelton::open_mode;
    auto out = co_await pelton::file::open(
        here, path, open_mode::write | open_mode::create | open_mode::truncate);
    if (!out) co_return failed(path, out.error());

    for (std::uint64_t at = 0;;) {
        std::array<std::byte, header_bytes> header;
        std::size_t moved = 0;
        const auto head =
            co_await client->receive_exactly(pelton::areas(std::span(header)), &moved);
        if (!head && moved == 0 && head.error() == pelton::end_of_stream()) break;
        if (!head) co_return failed("a header", head.error());
        for (auto left = length_in(header); left > 0;) {
            const auto part = std::min<std::uint64_t>(left, part_bytes);
            auto payload = co_await client->receive_exactly(part);
            if (!payload) co_return failed("a payload", payload.error());
            const auto put = co_await out->write_all_at(at, payload->areas());  // WRITE_FIXED
            if (!put) co_return failed(path, put.error());
            at += part;
            left -= part;
        }
    }
    const auto closed = co_await out->close();
    co_return closed ? 0 : failed(path, closed.error());
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view text = argc > 2 ? argv[2] : "0";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (argc < 2 || argc > 3 || error != std::errc{} || end != text.data() + text.size()) {
        fmt::print(stderr, "usage: receive_file FILE [port]\n");
        return 2;
    }
    return pelton::run([=](pelton::shard& here) { return receive(here, argv[1], port); });
}
