#include <pelton/runtime/net/socket_options.hpp>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>

namespace pelton {

result<void> udp_options::set_broadcast(bool on) const noexcept {
    return set(SOL_SOCKET, SO_BROADCAST, on ? 1 : 0);
}
result<bool> udp_options::broadcast() const noexcept {
    return get_flag(SOL_SOCKET, SO_BROADCAST);
}

result<void> udp_options::join(const endpoint& group, unsigned interface) const noexcept {
    return member(group, interface, true);
}
result<void> udp_options::leave(const endpoint& group, unsigned interface) const noexcept {
    return member(group, interface, false);
}

// The protocol is the group's: a socket that talks both families may be in groups of both.
result<void> udp_options::member(const endpoint& group, unsigned interface,
                                 bool joins) const noexcept {
    group_req wanted{};
    wanted.gr_interface = interface;
    std::memcpy(&wanted.gr_group, group.address(), group.bytes());
    const int level = group.family() == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    return set(level, joins ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &wanted, sizeof(wanted));
}

result<void> udp_options::set_multicast_loop(bool on) const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on ? 1 : 0)
               : set(IPPROTO_IP, IP_MULTICAST_LOOP, on ? 1 : 0);
}
result<bool> udp_options::multicast_loop() const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? get_flag(IPPROTO_IPV6, IPV6_MULTICAST_LOOP)
               : get_flag(IPPROTO_IP, IP_MULTICAST_LOOP);
}

result<void> udp_options::set_multicast_hops(int limit) const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, limit)
               : set(IPPROTO_IP, IP_MULTICAST_TTL, limit);
}
result<int> udp_options::multicast_hops() const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? get(IPPROTO_IPV6, IPV6_MULTICAST_HOPS) : get(IPPROTO_IP, IP_MULTICAST_TTL);
}

result<void> udp_options::set_multicast_interface(unsigned interface) const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    if (*v6) {
        return set(IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface));
    }
    ip_mreqn over{};
    over.imr_ifindex = static_cast<int>(interface);
    return set(IPPROTO_IP, IP_MULTICAST_IF, &over, sizeof(over));
}

result<void> udp_options::set_merging(bool on) const noexcept {
    return set(IPPROTO_UDP, UDP_GRO, on ? 1 : 0);
}
result<bool> udp_options::merging() const noexcept {
    return get_flag(IPPROTO_UDP, UDP_GRO);
}

}  // namespace pelton
