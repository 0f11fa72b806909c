#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <climits>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace pelton {
namespace {

int to_int(std::size_t bytes) noexcept {
    return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

result<std::size_t> to_size(const result<int>& value) noexcept {
    return value ? result<std::size_t>(static_cast<std::size_t>(*value))
                 : std::unexpected(value.error());
}

}  // namespace

result<void> socket_options::set(int level, int option, const void* value,
                                 std::size_t bytes) const noexcept {
    return here_->calls().setsockopt(descriptor_, level, option, value,
                                     static_cast<socklen_t>(bytes));
}

result<void> socket_options::set(int level, int option, int value) const noexcept {
    return set(level, option, &value, sizeof(value));
}

result<void> socket_options::get(int level, int option, void* into,
                                 std::size_t bytes) const noexcept {
    const auto got =
        here_->calls().getsockopt(descriptor_, level, option, into, static_cast<socklen_t>(bytes));
    return got ? result<void>() : std::unexpected(got.error());
}

result<int> socket_options::get(int level, int option) const noexcept {
    int value = 0;
    const auto got = get(level, option, &value, sizeof(value));
    return got ? result<int>(value) : std::unexpected(got.error());
}

result<bool> socket_options::get_flag(int level, int option) const noexcept {
    const auto value = get(level, option);
    return value ? result<bool>(*value != 0) : std::unexpected(value.error());
}

result<std::size_t> socket_options::set_receive_buffer(std::size_t bytes) const noexcept {
    const auto done = set(SOL_SOCKET, SO_RCVBUF, to_int(bytes));
    return done ? receive_buffer() : std::unexpected(done.error());
}
result<std::size_t> socket_options::receive_buffer() const noexcept {
    return to_size(get(SOL_SOCKET, SO_RCVBUF));
}
result<std::size_t> socket_options::set_send_buffer(std::size_t bytes) const noexcept {
    const auto done = set(SOL_SOCKET, SO_SNDBUF, to_int(bytes));
    return done ? send_buffer() : std::unexpected(done.error());
}
result<std::size_t> socket_options::send_buffer() const noexcept {
    return to_size(get(SOL_SOCKET, SO_SNDBUF));
}

result<void> socket_options::set_linger(std::optional<std::chrono::seconds> limit) const noexcept {
    struct linger value{};
    value.l_onoff = limit ? 1 : 0;
    value.l_linger = static_cast<int>(limit.value_or(std::chrono::seconds::zero()).count());
    return set(SOL_SOCKET, SO_LINGER, &value, sizeof(value));
}
result<std::optional<std::chrono::seconds>> socket_options::linger() const noexcept {
    struct linger value{};
    const auto got = get(SOL_SOCKET, SO_LINGER, &value, sizeof(value));
    if (!got) {
        return std::unexpected(got.error());
    }
    std::optional<std::chrono::seconds> limit;
    if (value.l_onoff != 0) {
        limit = std::chrono::seconds(value.l_linger);
    }
    return limit;
}

result<void> socket_options::set_reuse_address(bool on) const noexcept {
    return set(SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0);
}
result<bool> socket_options::reuse_address() const noexcept {
    return get_flag(SOL_SOCKET, SO_REUSEADDR);
}
result<void> socket_options::set_reuse_port(bool on) const noexcept {
    return set(SOL_SOCKET, SO_REUSEPORT, on ? 1 : 0);
}
result<bool> socket_options::reuse_port() const noexcept {
    return get_flag(SOL_SOCKET, SO_REUSEPORT);
}

result<void> socket_options::set_priority(int level) const noexcept {
    return set(SOL_SOCKET, SO_PRIORITY, level);
}
result<int> socket_options::priority() const noexcept {
    return get(SOL_SOCKET, SO_PRIORITY);
}

result<void> socket_options::set_busy_poll(std::chrono::microseconds length) const noexcept {
    return set(SOL_SOCKET, SO_BUSY_POLL, static_cast<int>(length.count()));
}
result<std::chrono::microseconds> socket_options::busy_poll() const noexcept {
    const auto value = get(SOL_SOCKET, SO_BUSY_POLL);
    return value ? result<std::chrono::microseconds>(std::chrono::microseconds(*value))
                 : std::unexpected(value.error());
}

result<void> socket_options::set_incoming_cpu(int cpu) const noexcept {
    return set(SOL_SOCKET, SO_INCOMING_CPU, cpu);
}
result<int> socket_options::incoming_cpu() const noexcept {
    return get(SOL_SOCKET, SO_INCOMING_CPU);
}

result<std::error_code> socket_options::take_error() const noexcept {
    const auto value = get(SOL_SOCKET, SO_ERROR);
    return value ? result<std::error_code>(std::error_code(*value, std::system_category()))
                 : std::unexpected(value.error());
}

result<bool> ip_options::is_v6() const noexcept {
    const auto family = get(SOL_SOCKET, SO_DOMAIN);
    return family ? result<bool>(*family == AF_INET6) : std::unexpected(family.error());
}

result<void> ip_options::set_type_of_service(std::uint8_t byte) const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? set(IPPROTO_IPV6, IPV6_TCLASS, byte) : set(IPPROTO_IP, IP_TOS, byte);
}
result<std::uint8_t> ip_options::type_of_service() const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    const auto byte = *v6 ? get(IPPROTO_IPV6, IPV6_TCLASS) : get(IPPROTO_IP, IP_TOS);
    return byte ? result<std::uint8_t>(static_cast<std::uint8_t>(*byte))
                : std::unexpected(byte.error());
}

result<void> ip_options::set_hops(int limit) const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, limit) : set(IPPROTO_IP, IP_TTL, limit);
}
result<int> ip_options::hops() const noexcept {
    const auto v6 = is_v6();
    if (!v6) {
        return std::unexpected(v6.error());
    }
    return *v6 ? get(IPPROTO_IPV6, IPV6_UNICAST_HOPS) : get(IPPROTO_IP, IP_TTL);
}

result<void> ip_options::set_v6_only(bool on) const noexcept {
    return set(IPPROTO_IPV6, IPV6_V6ONLY, on ? 1 : 0);
}
result<bool> ip_options::v6_only() const noexcept {
    return get_flag(IPPROTO_IPV6, IPV6_V6ONLY);
}

result<peer_credentials> unix_options::peer() const noexcept {
    ucred told{};
    const auto got = get(SOL_SOCKET, SO_PEERCRED, &told, sizeof(told));
    if (!got) {
        return std::unexpected(got.error());
    }
    peer_credentials who;
    who.process = told.pid;
    who.user = told.uid;
    who.group = told.gid;
    return who;
}

}  // namespace pelton
