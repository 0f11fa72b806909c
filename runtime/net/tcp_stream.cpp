#include <pelton/runtime/net/tcp_inflow.hpp>
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
        options_ = other.options_;
        on_ = std::move(other.on_);
        arriving_ = std::exchange(other.arriving_, nullptr);
    }
    return *this;
}

void stream_socket::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    const int descriptor = on_.release();
    if (arriving_ != nullptr) {
        std::exchange(arriving_, nullptr)->abandon(descriptor);
        return;
    }
    if (const auto closed = home_->calls().close(descriptor); !closed) {
        home_->report(closed.error(), "close of a connection nobody closed");
    }
}

close_operation stream_socket::close() noexcept {
    const int descriptor = on_.release();
    if (arriving_ != nullptr) {
        // The kernel may still have to be shown its receive, which names the descriptor: it closes
        // after that, or the receive does.
        const bool after = home_->queues().has(feature::close);
        std::exchange(arriving_, nullptr)->abandon(after ? -1 : descriptor);
        if (!after) {
            return close_operation(*home_);
        }
    }
    return close_operation(*home_, descriptor);
}

tcp_inflow stream_socket::inflow() noexcept {
    return tcp_inflow(*this);
}

task<result<lease_list>> stream_socket::receive_exactly(std::size_t bytes, std::size_t* moved) {
    const target::use counted(on_);
    lease_list all;
    while (all.bytes() < bytes) {
        auto part = co_await receive_at_most(bytes - all.bytes());
        if (!part) {
            co_return std::unexpected(part.error());
        }
        if (part->empty()) {
            co_return std::unexpected(end_of_stream());
        }
        all.append(std::move(*part));
        if (moved != nullptr) {
            *moved = all.bytes();
        }
    }
    co_return all;
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
