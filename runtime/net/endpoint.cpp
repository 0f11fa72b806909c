#include <pelton/runtime/net/endpoint.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace pelton {
namespace {

sockaddr_in v4(in_addr_t address, std::uint16_t port) noexcept {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    made.sin_addr.s_addr = htonl(address);
    return made;
}

sockaddr_in6 v6(const in6_addr& address, std::uint16_t port) noexcept {
    sockaddr_in6 made{};
    made.sin6_family = AF_INET6;
    made.sin6_port = htons(port);
    made.sin6_addr = address;
    return made;
}

// All of `text`, in decimal digits.
template <class Number>
std::optional<Number> number(std::string_view text) noexcept {
    Number value{};
    const auto* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end) {
        return std::nullopt;
    }
    return value;
}

// inet_pton() wants a terminated string.
bool read_address(int family, std::string_view text, void* into) noexcept {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size()) {
        return false;
    }
    text.copy(copy.data(), text.size());
    return std::strlen(copy.data()) == text.size() && inet_pton(family, copy.data(), into) == 1;
}

bool read_v6(std::string_view text, sockaddr_in6& into) noexcept {
    const auto percent = text.find('%');
    if (percent != std::string_view::npos) {
        const auto scope = number<std::uint32_t>(text.substr(percent + 1));
        if (!scope) {
            return false;
        }
        into.sin6_scope_id = *scope;
    }
    return read_address(AF_INET6, text.substr(0, percent), &into.sin6_addr);
}

}  // namespace

endpoint endpoint::any(std::uint16_t port) noexcept {
    return endpoint(v6(in6addr_any, port));
}
endpoint endpoint::any_v4(std::uint16_t port) noexcept {
    return endpoint(v4(INADDR_ANY, port));
}
endpoint endpoint::loopback(std::uint16_t port) noexcept {
    return endpoint(v4(INADDR_LOOPBACK, port));
}
endpoint endpoint::loopback_v6(std::uint16_t port) noexcept {
    return endpoint(v6(in6addr_loopback, port));
}

result<endpoint> endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return failure(std::errc::invalid_argument);
    }
    const auto host = text.substr(0, colon);
    const auto port = number<std::uint16_t>(text.substr(colon + 1));
    if (port && host.size() > 2 && host.front() == '[' && host.back() == ']') {
        auto address = v6({}, *port);
        if (read_v6(host.substr(1, host.size() - 2), address)) {
            return endpoint(address);
        }
    } else if (port) {
        auto address = v4(0, *port);
        if (read_address(AF_INET, host, &address.sin_addr)) {
            return endpoint(address);
        }
    }
    return failure(std::errc::invalid_argument);
}

result<endpoint> endpoint::from(const sockaddr_storage& address, socklen_t bytes) noexcept {
    if (address.ss_family == AF_INET && bytes >= sizeof(sockaddr_in)) {
        sockaddr_in known{};
        std::memcpy(&known, &address, sizeof(known));
        return endpoint(known);
    }
    if (address.ss_family == AF_INET6 && bytes >= sizeof(sockaddr_in6)) {
        sockaddr_in6 known{};
        std::memcpy(&known, &address, sizeof(known));
        return endpoint(known);
    }
    return failure(std::errc::address_family_not_supported);
}

endpoint endpoint::unmapped() const noexcept {
    if (family() != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&v6_.sin6_addr) == 0) {
        return *this;
    }
    constexpr std::size_t prefix = 12;
    auto plain = v4(0, port());
    std::memcpy(&plain.sin_addr, v6_.sin6_addr.s6_addr + prefix, sizeof(plain.sin_addr));
    return endpoint(plain);
}

std::string endpoint::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family() == AF_INET) {
        inet_ntop(AF_INET, &v4_.sin_addr, text.data(), text.size());
        return fmt::format("{}:{}", text.data(), port());
    }
    inet_ntop(AF_INET6, &v6_.sin6_addr, text.data(), text.size());
    if (v6_.sin6_scope_id != 0) {
        return fmt::format("[{}%{}]:{}", text.data(), v6_.sin6_scope_id, port());
    }
    return fmt::format("[{}]:{}", text.data(), port());
}

std::uint16_t endpoint::port() const noexcept {
    return ntohs(family() == AF_INET ? v4_.sin_port : v6_.sin6_port);
}

bool endpoint::is_wildcard() const noexcept {
    return family() == AF_INET ? v4_.sin_addr.s_addr == 0
                               : IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr) != 0;
}

bool operator==(const endpoint& a, const endpoint& b) noexcept {
    if (a.family() != b.family() || a.port() != b.port()) {
        return false;
    }
    if (a.family() == AF_INET) {
        return a.v4_.sin_addr.s_addr == b.v4_.sin_addr.s_addr;
    }
    return a.v6_.sin6_scope_id == b.v6_.sin6_scope_id &&
           std::memcmp(&a.v6_.sin6_addr, &b.v6_.sin6_addr, sizeof(in6_addr)) == 0;
}

}  // namespace pelton
