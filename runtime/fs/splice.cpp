#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/splice.hpp>
#include <pelton/runtime/op/poll.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <optional>

namespace pelton {
namespace {

// Waits until a pipe or socket is ready. What cannot be polled, a regular file, always is.
task<result<void>> until_ready(shard& here, int descriptor, unsigned events) {
    const auto ready = co_await poll_operation(here, descriptor, events);
    if (!ready && ready.error() != std::errc::operation_not_permitted) {
        co_return std::unexpected(ready.error());
    }
    co_return result<void>();
}

task<result<std::size_t>> by_threads(shard& here, splicing what, splice_side from, splice_side into,
                                     std::size_t bytes) {
    std::optional<target::use> first;
    std::optional<target::use> second;
    if (from.on != nullptr) {
        first.emplace(*from.on);
    }
    if (into.on != nullptr) {
        second.emplace(*into.on);
    }
    result<std::size_t> moved = failure(EAGAIN);
    while (!moved && moved.error() == std::errc::resource_unavailable_try_again) {
        auto call = [&calls = here.calls(), what, from, into, bytes]() -> result<std::size_t> {
            if (what == splicing::copies) {
                return calls.tee(from.descriptor, into.descriptor, bytes, SPLICE_F_NONBLOCK);
            }
            return calls.splice(from.descriptor, from.at, into.descriptor, into.at, bytes,
                                SPLICE_F_NONBLOCK);
        };
        moved = co_await on_thread(here, call);
        if (moved || moved.error() != std::errc::resource_unavailable_try_again) {
            break;
        }
        auto ready = co_await until_ready(here, from.descriptor, POLLIN);
        if (ready) {
            ready = co_await until_ready(here, into.descriptor, POLLOUT);
        }
        if (!ready) {
            moved = std::unexpected(ready.error());
        }
    }
    co_return moved;
}

task<result<std::size_t>> move(shard& here, splicing what, splice_side from, splice_side into,
                               std::size_t bytes, via chosen) {
    const auto opcode = what == splicing::moves ? feature::splice : feature::tee;
    if (chosen != via::thread && here.known().has(opcode)) {
        co_return co_await splice_operation(here, what, from, into, bytes);
    }
    co_return co_await by_threads(here, what, from, into, bytes);
}

}  // namespace

task<result<std::size_t>> splice(shard& here, splice_place from, splice_place into,
                                 std::size_t bytes, via chosen) {
    co_return co_await move(here, splicing::moves, from.side(), into.side(), bytes, chosen);
}

task<result<std::size_t>> tee(shard& here, splice_place from, splice_place into, std::size_t bytes,
                              via chosen) {
    co_return co_await move(here, splicing::copies, from.side(), into.side(), bytes, chosen);
}

}  // namespace pelton
