#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

owned_socket& owned_socket::operator=(owned_socket&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        on_ = std::move(other.on_);
    }
    return *this;
}

bool owned_socket::register_descriptor() noexcept {
    return on_.register_with(home_->queues());
}

void owned_socket::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (const auto closed = home_->calls().close(on_.release()); !closed) {
        home_->report(closed.error(), "close of a socket nobody closed");
    }
}

}  // namespace pelton
