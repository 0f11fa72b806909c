// What the tests of inflows of datagrams share: the ways there are, and two sockets.
#pragma once

#include "connection.hpp"

#include <pelton/runtime/net/udp_inflow.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>

#include <array>
#include <cstring>

namespace pelton::test {

inline constexpr std::array ways{"", "buffer_ring_incremental", "receive_multishot", "recvmsg",
                                 "buffer_ring"};

inline bool receives_ahead(shard& here) {
    return here.queues().has(feature::receive_multishot) && here.queues().has(feature::recvmsg) &&
           here.queues().has(feature::buffer_ring);
}

inline options small(std::string_view mask, std::size_t pages = 64) {
    auto with = masked(mask);
    with.ring.sq_entries = 2;
    with.page_bytes = pages * arena::page_bytes();
    return with;
}

// From one socket to another, and each to itself.
struct two_sockets {
    explicit two_sockets(shard& here)
        : server(udp_socket::bind(here, endpoint::loopback(0)).value()),
          client(udp_socket::bind(here, endpoint::loopback(0)).value()),
          to(server.local().value()) {}

    udp_socket server;
    udp_socket client;
    endpoint to;
};

// At once: over loopback it lies in the server's socket when this returns.
inline void send_now(const two_sockets& sockets, std::span<const std::byte> data) {
    CHECK(::sendto(sockets.client.descriptor(), data.data(), data.size(), 0, sockets.to.address(),
                   sockets.to.bytes()) == static_cast<ssize_t>(data.size()));
}
inline void send_number(const two_sockets& sockets, int number) {
    send_now(sockets, std::as_bytes(std::span(&number, 1)));
}

inline int number_in(const lease& one) {
    int number = -1;
    REQUIRE(one.size() == sizeof(number));
    std::memcpy(&number, one.data(), sizeof(number));
    return number;
}

inline task<> turns(shard& here, int count) {
    for (int i = 0; i < count; ++i) {
        co_await nop(here);
    }
}

}  // namespace pelton::test
