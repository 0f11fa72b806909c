// endpoint::any() means every address the machine has, and IPv4's alone where it has no IPv6.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>

#include <sys/socket.h>

#include <system_error>

namespace pelton {

// What try_bind(where) yields, or try_bind of the same port of IPv4 where there is no IPv6 to bind.
template <class TryBind>
auto bind_anywhere(const endpoint& where, bool v6_only, TryBind try_bind) noexcept {
    auto made = try_bind(where);
    const bool no_v6 = !made && (made.error() == std::errc::address_family_not_supported ||
                                 made.error() == std::errc::address_not_available);
    if (no_v6 && where.family() == AF_INET6 && where.is_wildcard() && !v6_only) {
        return try_bind(endpoint::any_v4(where.port()));
    }
    return made;
}

}  // namespace pelton
