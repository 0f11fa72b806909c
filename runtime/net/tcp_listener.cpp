#include <pelton/runtime/net/bind_anywhere.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

result<tcp_listener> tcp_listener::bind(shard& here, const endpoint& where,
                                        const listen_options& options) noexcept {
    return bind_anywhere(where, options.v6_only,
                         [&](const endpoint& at) noexcept { return try_bind(here, at, options); });
}

result<tcp_listener> tcp_listener::try_bind(shard& here, const endpoint& where,
                                            const listen_options& options) noexcept {
    auto& calls = here.calls();
    const auto made = calls.socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!made) {
        return std::unexpected(made.error());
    }
    tcp_listener listener(here, *made, options);
    const int on = 1;
    const int v6_only = options.v6_only ? 1 : 0;
    auto done = calls.setsockopt(*made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (done && where.family() == AF_INET6 && where.is_wildcard()) {
        done = calls.setsockopt(*made, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    }
    if (done && options.reuse_port) {
        done = calls.setsockopt(*made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
    if (done) {
        done = calls.bind(*made, where.address(), where.bytes());
    }
    if (done) {
        done = calls.listen(*made, options.backlog);
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    return listener;
}

result<endpoint> tcp_listener::local() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getsockname(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? endpoint::from(address, *bytes) : std::unexpected(bytes.error());
}

}  // namespace pelton
