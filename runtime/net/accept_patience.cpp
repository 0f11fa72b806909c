#include <pelton/runtime/net/accept_patience.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pelton {

std::optional<std::chrono::milliseconds> accept_patience::after(std::error_code error) noexcept {
    switch (error.value()) {
        // The connection that waited first had an error of its own, and is gone (accept(2)).
        case ECONNABORTED:
        case EINTR:
        case EPERM:  // a firewall's rule
        case EPROTO:
        case ENOPROTOOPT:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENONET:
            return std::chrono::milliseconds::zero();
        // It waits on: trying again at once would only burn the CPU.
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return std::exchange(next_pause_, std::min(2 * next_pause_, longest_pause));
        default:
            return std::nullopt;
    }
}

}  // namespace pelton
