// One end of a connection: an IPv4 or IPv6 address and a port.
//
// Numbers only: names are not looked up.
//
// Thread: a value.
#pragma once

#include <pelton/runtime/outcome/result.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace pelton {

class endpoint {
public:
    // 0.0.0.0:0
    endpoint() noexcept : endpoint(any_v4(0)) {}

    // Every address of this machine, IPv6 and IPv4: [::]:port, which a listener opens for both.
    // Where the machine has no IPv6 a listener falls back to any_v4(port). Port 0 lets the system
    // choose one.
    static endpoint any(std::uint16_t port) noexcept;
    static endpoint any_v4(std::uint16_t port) noexcept;

    // 127.0.0.1 and ::1.
    static endpoint loopback(std::uint16_t port) noexcept;
    static endpoint loopback_v6(std::uint16_t port) noexcept;

    // "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80" with the number of an interface.
    // invalid_argument for anything else, a port above 65535 included.
    static result<endpoint> parse(std::string_view text);

    // What the system said: `bytes` of an address. address_family_not_supported unless it is
    // IPv4 or IPv6.
    static result<endpoint> from(const sockaddr_storage& address, socklen_t bytes) noexcept;

    // An IPv4 address that a socket of both families told as IPv6, [::ffff:127.0.0.1]:80, as what
    // it is; any other as it is.
    endpoint unmapped() const noexcept;

    // As parse() reads it.
    std::string to_string() const;

    std::uint16_t port() const noexcept;
    int family() const noexcept { return any_.sa_family; }  // AF_INET or AF_INET6
    bool is_wildcard() const noexcept;

    // For the system, as long as this value lives.
    const sockaddr* address() const noexcept { return &any_; }
    socklen_t bytes() const noexcept { return family() == AF_INET ? sizeof(v4_) : sizeof(v6_); }

    friend bool operator==(const endpoint& a, const endpoint& b) noexcept;

private:
    explicit endpoint(const sockaddr_in& address) noexcept : v4_(address) {}
    explicit endpoint(const sockaddr_in6& address) noexcept : v6_(address) {}

    union {
        sockaddr any_;
        sockaddr_in v4_;
        sockaddr_in6 v6_;
    };
};

}  // namespace pelton
