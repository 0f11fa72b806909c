#include <pelton/runtime/net/unix_stream.hpp>
#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/op/socket.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

task<result<unix_stream>> unix_stream::connect(shard& here, unix_address to,
                                               stream_options options) {
    const auto made = co_await socket_operation(here, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!made) {
        co_return std::unexpected(made.error());
    }
    unix_stream stream(here, *made, options);
    const auto connected = co_await connect_operation(here, *made, to.address(), to.bytes());
    if (!connected) {
        co_return std::unexpected(connected.error());
    }
    co_return stream;
}

result<std::pair<unix_stream, unix_stream>> unix_stream::pair(shard& here,
                                                              stream_options options) noexcept {
    const auto ends = here.calls().socketpair(SOCK_STREAM);
    if (!ends) {
        return std::unexpected(ends.error());
    }
    return std::pair(unix_stream(here, ends->front(), options),
                     unix_stream(here, ends->back(), options));
}

result<unix_address> unix_stream::local() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getsockname(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? unix_address::from(address, *bytes) : std::unexpected(bytes.error());
}

result<unix_address> unix_stream::peer() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getpeername(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? unix_address::from(address, *bytes) : std::unexpected(bytes.error());
}

}  // namespace pelton
