#include <pelton/runtime/net/unix_datagram.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

result<unix_datagram> unix_datagram::bind(shard& here, const unix_address& where) noexcept {
    const auto made = here.calls().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!made) {
        return std::unexpected(made.error());
    }
    unix_datagram socket(here, *made);
    if (!where.is_unnamed()) {
        const auto bound = here.calls().bind(*made, where.address(), where.bytes());
        if (!bound) {
            return std::unexpected(bound.error());
        }
    }
    return socket;
}

result<std::pair<unix_datagram, unix_datagram>> unix_datagram::pair(shard& here) noexcept {
    const auto ends = here.calls().socketpair(SOCK_DGRAM);
    if (!ends) {
        return std::unexpected(ends.error());
    }
    return std::pair(unix_datagram(here, ends->front()), unix_datagram(here, ends->back()));
}

result<unix_address> unix_datagram::local() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getsockname(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? unix_address::from(address, *bytes) : std::unexpected(bytes.error());
}

}  // namespace pelton
