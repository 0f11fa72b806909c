// What the kernel itself says about a path: whether it copied what was sent without a copy.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>

#include <cstddef>
#include <optional>

namespace pelton::bench::zerocopy {

// Sends one message of `bytes` to a receiver by SEND_ZC with SEND_ZC_REPORT_USAGE (Linux 6.2) and
// yields what its notification says. Empty when this kernel does not report it. Throws
// std::system_error.
std::optional<bool> copies(const endpoint& to, std::size_t bytes);

}  // namespace pelton::bench::zerocopy
