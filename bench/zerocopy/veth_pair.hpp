// Two ends of a virtual cable in two network namespaces, by the program ip(8).
#pragma once

#include <sys/types.h>

#include <string>

namespace pelton::bench::zerocopy {

// The addresses are of a block for documentation (RFC 5737); both namespaces have nothing else.
inline constexpr const char* near_device = "near";
inline constexpr const char* near_address = "192.0.2.1/30";
inline constexpr const char* far_device = "far";
inline constexpr const char* far_address = "192.0.2.2/30";
inline constexpr const char* far_host = "192.0.2.2";

// Moves this process into a network namespace of its own, makes the pair, with the far end in the
// namespace of `peer`, and sets up the near end. False when that is not allowed or ip(8) is
// missing; standard error says why. The pair is gone when either process has ended.
bool make_veth_pair(pid_t peer);

// Gives a device of this process's namespace an address, and turns it on.
bool set_up_device(const std::string& device, const std::string& address);

}  // namespace pelton::bench::zerocopy
