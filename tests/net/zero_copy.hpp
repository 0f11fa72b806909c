// What the tests of zero-copy sends start from: two connected streams of which one sends so, leases
// with bytes in them, and a ring that notes what went through it.
#pragma once

#include "connection.hpp"
#include "recording_ring.hpp"

#include <pelton/buffers/lease_list.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <span>

namespace pelton::test {

inline stream_options zero_copy_from(std::size_t bytes) {
    stream_options with;
    with.zero_copy_bytes = bytes;
    return with;
}

struct zero_copy_pair {
    tcp_stream sender;
    tcp_stream receiver;
};

// The sender's SO_SNDBUF is left alone when `sndbuf` is 0.
inline task<zero_copy_pair> zero_copy_connected(shard& here, stream_options with, int sndbuf = 0) {
    auto door = tcp_listener::bind(here, endpoint::loopback(0)).value();
    auto client = co_await tcp_stream::connect(here, door.local().value(), with);
    auto server = co_await door.accept();
    if (sndbuf != 0) {
        set_option(*client, SO_SNDBUF, sndbuf);
    }
    co_return zero_copy_pair{std::move(client.value()), std::move(server.value())};
}

inline lease filled(shard& here, std::size_t pages, std::span<const std::byte> with) {
    auto memory = here.pages().take_now(pages).value();
    std::ranges::copy(with, memory.data());
    memory.narrow(0, with.size());
    return memory;
}

// `payload` in leases of `each` bytes, which no two touch.
inline lease_list in_leases(shard& here, std::span<const std::byte> payload, std::size_t each) {
    const auto page = arena::page_bytes();
    REQUIRE(each % page != 0);
    lease_list all;
    for (; !payload.empty(); payload = payload.subspan(std::min(each, payload.size()))) {
        const auto part = payload.first(std::min(each, payload.size()));
        all.append(filled(here, each / page + 1, part));
    }
    return all;
}

inline task<std::size_t> receive_all(tcp_stream& from, std::span<const std::byte> expected) {
    std::vector<std::byte> in(expected.size());
    const auto got = co_await from.receive_exactly(areas(std::span(in)));
    CHECK(std::ranges::equal(in, expected));
    co_return got.value();
}

// Until the kernel has notified of every zero-copy send.
inline task<> all_notified(shard& here) {
    while (here.lasting().used() > 0) {
        co_await nop(here);
    }
}

inline options recorded(recording_ring& kernel, std::string_view mask, unsigned sq) {
    auto with = masked(mask);
    with.ring_kernel = &kernel;
    with.ring.sq_entries = sq;
    return with;
}

}  // namespace pelton::test
