// fsync(2) and fdatasync(2). They cover only the writes that have completed before they start.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <cerrno>

namespace pelton {

// Keeps the failure of a sync for every later one. What tells that the call itself was wrong, or
// was not made, is not kept: nothing was lost by it.
inline void note_sync(target& on, const result<void>& synced) noexcept {
    if (synced) {
        return;
    }
    switch (synced.error().value()) {
        case ECANCELED:
        case EINTR:
        case EINVAL:
        case EBADF:
        case EROFS:
        case EOPNOTSUPP:
        case ESPIPE:
            return;
        default:
            on.note_lost(synced.error().value());
    }
}

class sync_operation final : public operation<sync_operation, void> {
public:
    sync_operation(shard& here, target& on, bool data_only) noexcept
        : operation(here), on_(on), data_only_(data_only) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        on_.enter();
        operation::await_suspend(waiter);
    }
    result<void> await_resume() noexcept {
        on_.leave();
        const auto synced = operation::await_resume();
        note_sync(on_, synced);
        return synced;
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_fsync;
        sqe.fd = on_.descriptor();
        sqe.fsync_flags = data_only_ ? IORING_FSYNC_DATASYNC : 0;
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    const char* name() const noexcept override { return data_only_ ? "fdatasync" : "fsync"; }

    target& on_;
    bool data_only_;
};

}  // namespace pelton
