#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/op/connect.hpp>
#include <pelton/runtime/op/socket.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <utility>

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

stream_socket& stream_socket::operator=(stream_socket&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        receive_pages_ = other.receive_pages_;
        on_ = std::move(other.on_);
    }
    return *this;
}

void stream_socket::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (const auto closed = home_->calls().close(on_.release()); !closed) {
        home_->report(closed.error(), "close of a connection nobody closed");
    }
}

task<result<lease>> stream_socket::receive() {
    const target::use counted(on_);
    auto pages = co_await home_->pages().take(receive_pages_);
    if (!pages) {
        co_return std::unexpected(pages.error());
    }
    const auto got = co_await receive(*pages);
    if (!got) {
        co_return std::unexpected(got.error());
    }
    pages->narrow(0, *got);
    co_return pages;
}

result<void> stream_socket::shutdown(half which) noexcept {
    return home_->calls().shutdown(on_.descriptor(), static_cast<int>(which));
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
