// Waiting until a descriptor that belongs to somebody else is ready: a library's socket, a timerfd,
// an inotify.
//
//   auto came = co_await pelton::poll(here, descriptor, pelton::readiness::readable);
//
// It only looks: nothing is read, and the next call on the descriptor is the caller's to make.
//
// The descriptor must stay open until the wait has ended. The kernel keeps the file itself, so
// closing the descriptor meanwhile does not end the wait, and whoever gets its number next is not
// waited for: stop the task first, then close.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <poll.h>

#include <cstdint>

namespace pelton {

// What to wait for, and what came. `failed` and `hung_up` come unasked (poll(2)).
enum class readiness : std::uint16_t {
    none = 0,
    readable = POLLIN,
    urgent = POLLPRI,
    writable = POLLOUT,
    peer_ended = 0x2000,  // POLLRDHUP: the peer of a stream sends no more
    failed = POLLERR,     // an error waits, or a pipe has no reader
    hung_up = POLLHUP,    // both directions have ended; what was sent before can still be read
};

constexpr readiness operator|(readiness a, readiness b) noexcept {
    return static_cast<readiness>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr readiness operator&(readiness a, readiness b) noexcept {
    return static_cast<readiness>(static_cast<std::uint16_t>(a) & static_cast<std::uint16_t>(b));
}
// Whether `seen` has any of `wanted`.
constexpr bool has(readiness seen, readiness wanted) noexcept {
    return (seen & wanted) != readiness::none;
}

class [[nodiscard]] readiness_awaiter final : public poll_base<readiness_awaiter, readiness> {
public:
    readiness_awaiter(shard& here, int descriptor, readiness wanted) noexcept
        : poll_base(here, descriptor, static_cast<std::uint16_t>(wanted)) {}

    result<readiness> decode(std::int32_t outcome) const noexcept {
        return static_cast<readiness>(outcome);
    }
};

// Yields what came, as soon as any of `wanted` has, or `failed` or `hung_up`; at once if it had. A
// regular file is always ready. EBADF, and ECANCELED when a stop was asked for.
inline readiness_awaiter poll(shard& here, int descriptor, readiness wanted) noexcept {
    return readiness_awaiter(here, descriptor, wanted);
}

}  // namespace pelton
