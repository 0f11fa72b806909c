// A TCP connection to a host by its name, over whichever of its addresses answers first.
//
//   auto stream = co_await pelton::connect_to(here, "example.org", 443);
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pelton {

struct connect_options {
    connect_options() noexcept = default;

    // How long an attempt has the field to itself before the next address is tried beside it; one
    // that fails hands over at once (RFC 8305, 5).
    std::chrono::milliseconds attempt_delay{250};

    // Of the stream that it yields.
    stream_options stream;
};

// Resolves `host` (see resolve.hpp) and connects to the first of its addresses that answers: IPv6
// and IPv4 alternate, attempts are staggered, and those that lose are cancelled and awaited. The
// error is that of the lookup, or of the first address when none answers; ECANCELED when a stop was
// asked for. Nothing is left open then.
task<result<tcp_stream>> connect_to(shard& here, std::string host, std::uint16_t port,
                                    connect_options options = {});

// The same for addresses that are known, in this order. EINVAL for none.
task<result<tcp_stream>> connect_to_first(shard& here, std::vector<endpoint> candidates,
                                          connect_options options = {});

// The order in which RFC 8305 tries addresses: the first one's family and the other alternate, each
// in its own order.
std::vector<endpoint> alternate_families(const std::vector<endpoint>& preferred);

}  // namespace pelton
