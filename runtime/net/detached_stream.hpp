// A connected socket that belongs to no shard: how a connection is handed to another.
//
//   auto loose = std::move(client).detach();                        // on the shard that accepted
//   it auto serve = [&loose](pelton::shard& there) { return echo(tcp_stream(there,
//   std::move(loose))); }; co_await pelton::on(there, serve);
//
// Thread: any, one at a time.
#pragma once

#include <pelton/runtime/shard/shard.hpp>

#include <utility>

namespace pelton {

class [[nodiscard]] detached_stream {
public:
    // Takes over `descriptor`; `from` may end before this does, its calls not.
    detached_stream(shard& from, int descriptor) noexcept
        : calls_(&from.calls()), descriptor_(descriptor) {}
    detached_stream(detached_stream&& other) noexcept
        : calls_(other.calls_), descriptor_(std::exchange(other.descriptor_, -1)) {}
    detached_stream& operator=(detached_stream&& other) noexcept {
        std::swap(calls_, other.calls_);
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    // Closes it when nobody adopted it. Nobody is left to hear of an error; the peer sees the end.
    ~detached_stream() {
        if (descriptor_ >= 0) {
            static_cast<void>(calls_->close(descriptor_));
        }
    }

    // Gives the descriptor to whoever adopts it; -1 when it was given away before.
    int release() noexcept { return std::exchange(descriptor_, -1); }

private:
    calls_face* calls_;
    int descriptor_;
};

}  // namespace pelton
