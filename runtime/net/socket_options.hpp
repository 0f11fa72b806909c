// The options of a socket, by name and type: what a stream, listener or datagram socket's options()
// yields.
//
//   auto done = stream.options().set_no_delay(true);
//   auto bytes = stream.options().set_receive_buffer(1 << 20);   // what the kernel granted
//
// socket_options are those of every socket, ip_options of TCP and UDP, tcp_options, udp_options and
// unix_options of one kind. Each is set and asked with setsockopt(2) and getsockopt(2), which do
// not block; the errors are theirs. A value: it names the socket, which must outlive it.
//
// Thread: the socket's.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pelton {

class shard;

class socket_options {
public:
    socket_options(shard& here, int descriptor) noexcept : here_(&here), descriptor_(descriptor) {}

    // SO_RCVBUF, SO_SNDBUF. Yields what the kernel granted, which is twice what was asked for,
    // since it counts its own bookkeeping, and no more than net.core.rmem_max or wmem_max allow.
    // Setting one ends its automatic growth.
    result<std::size_t> set_receive_buffer(std::size_t bytes) const noexcept;
    result<std::size_t> receive_buffer() const noexcept;
    result<std::size_t> set_send_buffer(std::size_t bytes) const noexcept;
    result<std::size_t> send_buffer() const noexcept;

    // SO_LINGER: how long close() waits until what was sent is acknowledged. Zero makes it reset
    // the connection, which the peer meets as ECONNRESET; no value, the default, sends on in
    // background. A close that waits holds a kernel thread, or this one when nobody awaits it.
    result<void> set_linger(std::optional<std::chrono::seconds> limit) const noexcept;
    result<std::optional<std::chrono::seconds>> linger() const noexcept;

    // SO_REUSEADDR, SO_REUSEPORT: they only matter before the socket is bound.
    result<void> set_reuse_address(bool on) const noexcept;
    result<bool> reuse_address() const noexcept;
    result<void> set_reuse_port(bool on) const noexcept;
    result<bool> reuse_port() const noexcept;

    // SO_PRIORITY, of what is sent, for the queueing discipline: 0 to 6; more needs CAP_NET_ADMIN.
    result<void> set_priority(int level) const noexcept;
    result<int> priority() const noexcept;

    // SO_BUSY_POLL: how long a receive spins on the device's queue. More than before needs
    // CAP_NET_ADMIN.
    result<void> set_busy_poll(std::chrono::microseconds length) const noexcept;
    result<std::chrono::microseconds> busy_poll() const noexcept;

    // SO_INCOMING_CPU: the CPU that handled the last packet; when set on members of a reuse_port
    // group, the one whose packets this member gets.
    result<void> set_incoming_cpu(int cpu) const noexcept;
    result<int> incoming_cpu() const noexcept;

    // SO_ERROR: the error that waits on the socket, which is taken from it; an empty code without.
    result<std::error_code> take_error() const noexcept;

protected:
    result<void> set(int level, int option, int value) const noexcept;
    result<void> set(int level, int option, const void* value, std::size_t bytes) const noexcept;
    result<int> get(int level, int option) const noexcept;
    result<bool> get_flag(int level, int option) const noexcept;
    result<void> get(int level, int option, void* into, std::size_t bytes) const noexcept;

private:
    shard* here_;
    int descriptor_;
};

// What TCP and UDP share. A socket of IPv6 that also talks IPv4 has the options of IPv6.
class ip_options : public socket_options {
public:
    using socket_options::socket_options;

    // IP_TOS or IPV6_TCLASS: the byte of what is sent whose upper six bits are the DSCP.
    result<void> set_type_of_service(std::uint8_t byte) const noexcept;
    result<std::uint8_t> type_of_service() const noexcept;

    // IP_TTL or IPV6_UNICAST_HOPS: through how many routers, 1 to 255.
    result<void> set_hops(int limit) const noexcept;
    result<int> hops() const noexcept;

    // IPV6_V6ONLY, before the socket is bound. ENOPROTOOPT or EOPNOTSUPP on a socket of IPv4.
    result<void> set_v6_only(bool on) const noexcept;
    result<bool> v6_only() const noexcept;

protected:
    result<bool> is_v6() const noexcept;
};

// When a silent connection is asked whether it still stands: after `idle`, then every `interval`,
// and given up, with ETIMEDOUT, after `count` questions without an answer. Whole seconds, from 1
// on.
struct keep_alive {
    keep_alive() noexcept = default;
    keep_alive(std::chrono::seconds idle_for, std::chrono::seconds every, int times) noexcept
        : idle(idle_for), interval(every), count(times) {}

    std::chrono::seconds idle{7200};
    std::chrono::seconds interval{75};
    int count = 9;

    friend bool operator==(const keep_alive&, const keep_alive&) noexcept = default;
};

class tcp_options : public ip_options {
public:
    using ip_options::ip_options;

    // TCP_NODELAY: small sends leave at once instead of being gathered while an answer is due.
    result<void> set_no_delay(bool on) const noexcept;
    result<bool> no_delay() const noexcept;

    // SO_KEEPALIVE and the three of its times; no value turns it off.
    result<void> set_keep_alive(const std::optional<pelton::keep_alive>& times) const noexcept;
    result<std::optional<pelton::keep_alive>> keep_alive() const noexcept;

    // TCP_USER_TIMEOUT: how long what was sent may stay unacknowledged before the connection is
    // given up with ETIMEDOUT; zero leaves that to the system, which tries for a quarter of an
    // hour.
    result<void> set_user_timeout(std::chrono::milliseconds limit) const noexcept;
    result<std::chrono::milliseconds> user_timeout() const noexcept;

    // TCP_QUICKACK: acknowledge at once. The kernel turns it off again by itself.
    result<void> set_quick_ack(bool on) const noexcept;
    result<bool> quick_ack() const noexcept;

    // TCP_CORK: hold back what does not fill a segment, at most 200 ms, until it is turned off.
    result<void> set_cork(bool on) const noexcept;
    result<bool> cork() const noexcept;

    // TCP_NOTSENT_LOWAT: a send waits while so many bytes have not left yet, although the send
    // buffer has room: what is queued stays little, so that what is urgent comes soon.
    result<void> set_unsent_limit(std::size_t bytes) const noexcept;
    result<std::size_t> unsent_limit() const noexcept;
};

class udp_options : public ip_options {
public:
    using ip_options::ip_options;

    // SO_BROADCAST: without it a send to a broadcast address is refused with EACCES.
    result<void> set_broadcast(bool on) const noexcept;
    result<bool> broadcast() const noexcept;

    // Receives what is sent to `group` (its port does not matter) over the interface of this
    // number; 0 lets the system choose one. EADDRINUSE when it is a member already, EADDRNOTAVAIL
    // for one that is none, EINVAL when the address is no group's. Membership ends with the socket.
    result<void> join(const endpoint& group, unsigned interface = 0) const noexcept;
    result<void> leave(const endpoint& group, unsigned interface = 0) const noexcept;

    // Whether what is sent to a group comes back to members on this machine (on by default),
    // through how many routers it goes (1), and over which interface.
    result<void> set_multicast_loop(bool on) const noexcept;
    result<bool> multicast_loop() const noexcept;
    result<void> set_multicast_hops(int limit) const noexcept;
    result<int> multicast_hops() const noexcept;
    result<void> set_multicast_interface(unsigned interface) const noexcept;

    // UDP_GRO (Linux 5.0): several datagrams of one sender may be received as one, see
    // datagram::segment_bytes. Whoever turns it on must split them.
    result<void> set_merging(bool on) const noexcept;
    result<bool> merging() const noexcept;

private:
    result<void> member(const endpoint& group, unsigned interface, bool joins) const noexcept;
};

// Who is at the other end of a unix stream, as it was when it connected or listened.
struct peer_credentials {
    peer_credentials() noexcept = default;

    int process = 0;  // as this process's namespace numbers it; 0 when it has no number there
    std::uint32_t user = 0;
    std::uint32_t group = 0;
};

class unix_options : public socket_options {
public:
    using socket_options::socket_options;

    // SO_PEERCRED: told by the kernel, so the peer cannot lie. Of a connected stream or a pair.
    result<peer_credentials> peer() const noexcept;
};

}  // namespace pelton
