#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/op/socket.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

task<result<tcp_stream>> tcp_stream::connect(shard& here, endpoint to, stream_options options) {
    const auto made = co_await socket_operation(here, to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!made) {
        co_return std::unexpected(made.error());
    }
    tcp_stream stream(here, *made, options);
    const auto connected = co_await connect_operation(here, *made, to.address(), to.bytes());
    if (!connected) {
        co_return std::unexpected(connected.error());
    }
    co_return stream;
}

result<void> tcp_stream::set_no_delay(bool on) noexcept {
    return options().set_no_delay(on);
}

result<endpoint> tcp_stream::local() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getsockname(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? endpoint::from(address, *bytes) : std::unexpected(bytes.error());
}

result<endpoint> tcp_stream::peer() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getpeername(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? endpoint::from(address, *bytes) : std::unexpected(bytes.error());
}

}  // namespace pelton
