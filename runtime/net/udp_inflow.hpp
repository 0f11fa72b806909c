// What comes to a UDP socket, one datagram after the other, by one operation of the kernel's.
//
//   auto coming = socket->inflow();
//   for (;;) {
//       auto got = co_await coming.next();               // got->bytes shows it, from got->from
//       if (!got) ...
//   }
//
// The kernel receives on between two calls of next(), at most udp_inflow_options::ahead datagrams,
// into pages that lie ready for this inflow; after that, and while no pages are to be had, they
// wait in the socket. A lease is the caller's for as long as it likes: nothing is received into its
// pages meanwhile. Where the kernel has no multishot recvmsg (Linux 6.0) or no buffers to pick
// from, or the shard has no record left for one, next() polls, takes pages and receives.
//
// Left early, the operation is cancelled and the pages go home. The datagrams that it had taken
// from the socket by then are gone, as any datagram may be.
//
// Thread: the shard's. The socket outlives it, and stays where it is meanwhile.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/net/udp_socket.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstddef>

namespace pelton {

// What was received, in pages of the shard's.
struct leased_datagram {
    leased_datagram() noexcept = default;

    // Empty for an empty datagram.
    lease bytes;

    // As in datagram.
    endpoint from;
    std::size_t segment_bytes = 0;
};

class [[nodiscard]] udp_inflow {
public:
    udp_inflow(udp_socket& from, const udp_inflow_options& options) noexcept;
    udp_inflow(const udp_inflow&) = delete;
    udp_inflow& operator=(const udp_inflow&) = delete;
    ~udp_inflow();

    // The next datagram. truncated_datagram() for one that is longer than there is room for;
    // ECONNREFUSED when what was sent to the connected peer met nobody; ECANCELED when a stop was
    // asked for, which loses nothing. After each the next call goes on. Throws std::system_error
    // when the shard's pages cannot be made.
    task<result<leased_datagram>> next();

private:
    bool receives_ahead() noexcept;
    task<result<leased_datagram>> next_alone();

    udp_socket& from_;
    target::use counted_;
    std::size_t bytes_max_;
    std::size_t run_pages_;
    std::size_t ahead_;
};

}  // namespace pelton
