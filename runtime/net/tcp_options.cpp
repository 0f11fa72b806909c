#include <pelton/runtime/net/socket_options.hpp>

#include <climits>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace pelton {

using std::chrono::milliseconds;
using std::chrono::seconds;

result<void> tcp_options::set_no_delay(bool on) const noexcept {
    return set(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
}
result<bool> tcp_options::no_delay() const noexcept {
    return get_flag(IPPROTO_TCP, TCP_NODELAY);
}

// The times come first: a keep-alive never runs with those of another.
result<void> tcp_options::set_keep_alive(
    const std::optional<pelton::keep_alive>& times) const noexcept {
    result<void> done;
    if (times) {
        done = set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(times->idle.count()));
        if (done) {
            done = set(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(times->interval.count()));
        }
        if (done) {
            done = set(IPPROTO_TCP, TCP_KEEPCNT, times->count);
        }
    }
    return done ? set(SOL_SOCKET, SO_KEEPALIVE, times ? 1 : 0) : done;
}

result<std::optional<pelton::keep_alive>> tcp_options::keep_alive() const noexcept {
    const auto on = get_flag(SOL_SOCKET, SO_KEEPALIVE);
    if (!on) {
        return std::unexpected(on.error());
    }
    if (!*on) {
        return std::optional<pelton::keep_alive>();
    }
    const auto idle = get(IPPROTO_TCP, TCP_KEEPIDLE);
    const auto interval = get(IPPROTO_TCP, TCP_KEEPINTVL);
    const auto count = get(IPPROTO_TCP, TCP_KEEPCNT);
    for (const auto* each : {&idle, &interval, &count}) {
        if (!*each) {
            return std::unexpected(each->error());
        }
    }
    return std::optional(pelton::keep_alive(seconds(*idle), seconds(*interval), *count));
}

result<void> tcp_options::set_user_timeout(milliseconds limit) const noexcept {
    return set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limit.count()));
}
result<milliseconds> tcp_options::user_timeout() const noexcept {
    const auto value = get(IPPROTO_TCP, TCP_USER_TIMEOUT);
    return value ? result<milliseconds>(milliseconds(*value)) : std::unexpected(value.error());
}

result<void> tcp_options::set_quick_ack(bool on) const noexcept {
    return set(IPPROTO_TCP, TCP_QUICKACK, on ? 1 : 0);
}
result<bool> tcp_options::quick_ack() const noexcept {
    return get_flag(IPPROTO_TCP, TCP_QUICKACK);
}

result<void> tcp_options::set_cork(bool on) const noexcept {
    return set(IPPROTO_TCP, TCP_CORK, on ? 1 : 0);
}
result<bool> tcp_options::cork() const noexcept {
    return get_flag(IPPROTO_TCP, TCP_CORK);
}

result<void> tcp_options::set_unsent_limit(std::size_t bytes) const noexcept {
    return set(IPPROTO_TCP, TCP_NOTSENT_LOWAT,
               static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)));
}
result<std::size_t> tcp_options::unsent_limit() const noexcept {
    const auto value = get(IPPROTO_TCP, TCP_NOTSENT_LOWAT);
    return value ? result<std::size_t>(static_cast<unsigned>(*value))
                 : std::unexpected(value.error());
}

}  // namespace pelton
