#include <pelton/runtime/fs/classification.hpp>
#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>
#include <pelton/runtime/op/discard_request.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/op/sync.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

namespace pelton {

task<result<file>> file::open(shard& here, std::string path, open_mode mode, unsigned permissions,
                              via chosen) {
    co_return co_await open_below(here, AT_FDCWD, path, mode, permissions, lookup::anywhere,
                                  chosen);
}

task<result<file>> file::open_at(const directory& where, std::string name, open_mode mode,
                                 unsigned permissions, lookup within, via chosen) {
    const target::use pending(where.on_);
    co_return co_await open_below(where.home(), where.descriptor(), name, mode, permissions, within,
                                  chosen);
}

task<result<file>> file::open_below(shard& here, int at, const std::string& name, open_mode mode,
                                    unsigned permissions, lookup within, via chosen) {
    if (!makes_sense(mode)) {
        co_return failure(EINVAL);
    }
    const auto how = how_to_open(mode, permissions, within);
    const auto descriptor = co_await open_descriptor(here, at, name, how, chosen);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    auto known = co_await classify(here, *descriptor, has(mode, open_mode::direct));
    if (!known) {
        static_cast<void>(here.calls().close(*descriptor));
        co_return std::unexpected(known.error());
    }
    file opened(here, std::move(known->on));
    const bool waits = (how.flags & (O_ACCMODE | O_NONBLOCK)) == O_RDONLY;
    if (known->type == file_type::fifo && waits) {
        // The ring opened it without waiting, and without a writer a read finds the end.
        const auto ready = co_await poll_operation(here, *descriptor, POLLIN);
        if (!ready) {
            co_return std::unexpected(ready.error());
        }
    }
    co_return std::move(opened);
}

result<file> file::adopt(shard& here, int descriptor) {
    const auto flags = here.calls().status_flags(descriptor);
    auto known = flags ? classify_now(here, descriptor, (*flags & O_DIRECT) != 0)
                       : std::unexpected(flags.error());
    if (!known) {
        static_cast<void>(here.calls().close(descriptor));
        return std::unexpected(known.error());
    }
    return file(here, std::move(known->on));
}

file& file::operator=(file&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        on_ = std::move(other.on_);
    }
    return *this;
}

bool file::register_descriptor() noexcept {
    return on_.register_with(home_->queues());
}

void file::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (const auto closed = home_->calls().close(on_.release()); !closed) {
        home_->report(closed.error(), "close of a file nobody closed");
    }
}

task<result<void>> file::synchronize(bool data_only) {
    if (on_.lost() != 0) {
        co_return failure(on_.lost());
    }
    if (home_->queues().has(feature::fsync)) {
        co_return co_await sync_operation(*home_, on_, data_only);
    }
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = on_.descriptor(), data_only] {
        return calls.fsync(descriptor, data_only);
    };
    const auto synced = co_await on_thread(*home_, call);
    note_sync(on_, synced);
    co_return synced;
}

task<result<void>> file::sync(durability how) {
    if (how == durability::none) {
        co_return result<void>();
    }
    co_return co_await synchronize(how == durability::data);
}

task<result<void>> file::sync_range(std::uint64_t at, std::uint64_t bytes, range_sync how,
                                    via chosen) {
    if (on_.lost() != 0) {
        co_return failure(on_.lost());
    }
    const auto synced = co_await call_operation<sync_range_request>(
        *home_, use(), chosen, descriptor(), at, bytes, static_cast<unsigned>(how));
    note_sync(on_, synced);
    co_return synced;
}

task<result<std::uint64_t>> file::size() {
    const auto known = co_await stat(stat_field::bytes);
    if (!known) {
        co_return std::unexpected(known.error());
    }
    co_return known->bytes;
}

task<result<void>> file::discard(std::uint64_t at, std::uint64_t bytes) {
    const auto done = co_await call_operation<discard_request>(*home_, use(), via::usual,
                                                               descriptor(), at, bytes);
    if (done || done.error() != std::errc::operation_not_supported) {
        co_return done;
    }
    // That a command is unknown and that a device cannot discard are told by the same errno.
    co_return co_await call_operation<discard_request>(*home_, use(), via::thread, descriptor(), at,
                                                       bytes);
}

}  // namespace pelton
