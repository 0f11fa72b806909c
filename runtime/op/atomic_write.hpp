// A write of which, whatever happens, the file holds all or nothing: RWF_ATOMIC (pwritev2(2)).
#pragma once

#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/outcome/not_atomic.hpp>

namespace pelton {

// It is never done another way: what the kernel, the file or the shape of `memory` forbids is
// refused with not_atomic() before the kernel sees it.
class atomic_write final : public transfer_base<atomic_write> {
public:
    atomic_write(shard& here, target& on, const areas& memory, std::uint64_t at,
                 durability keep) noexcept
        : transfer_base(here, direction::writing, on, memory, at, keep, manner::usual) {
        rw_flags_ |= abi::rwf_atomic;
    }

    bool await_ready() noexcept {
        return refuses(here().known().has(feature::atomic_write)
                           ? on_.refuse_atomic(memory_, at_)
                           : not_atomic(not_atomic_part::kernel)) ||
               transfer_base::await_ready();
    }

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        sqe.rw_flags = rw_flags_;
        // With a registered address the kernel refuses it (6.18, generic_atomic_write_valid()).
        const area one{memory_.address(), memory_.bytes()};
        if (prepare_unregistered(sqe, queues, way_, on_, one, at_) == rung::put_off) {
            return false;
        }
        ++here().counters().plain_transfers;
        return true;
    }
    // The kernel writes all or fails. Should it ever not, that is no success.
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        const auto wrote = static_cast<std::size_t>(outcome);
        return wrote == memory_.bytes() ? result<std::size_t>(wrote) : failure(EIO);
    }
};

}  // namespace pelton
