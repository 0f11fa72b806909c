#include <pelton/runtime/net/stream_inflow.hpp>
#include <pelton/runtime/net/stream_socket.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <utility>

namespace pelton {

stream_inflow stream_socket::inflow() noexcept {
    return stream_inflow(*this);
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

}  // namespace pelton
