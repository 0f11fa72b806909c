// The real kernel's rings, with flags of reads and writes taken away or refused on their way there,
// as a kernel, a file system or a disk does that knows more of them, or fewer.
#pragma once

#include "forwarding_ring.hpp"

#include <pelton/runtime/kernel/abi.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pelton::test {

class flag_ring final : public forwarding_ring {
public:
    unsigned refused = 0;   // answered with EOPNOTSUPP
    unsigned unneeded = 0;  // as if the transfer had been so anyway

    // The reads and writes that were submitted, with the flags they came with.
    std::vector<io_uring_sqe> transfers;

    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const unsigned tail = __atomic_load_n(ring.sq.ktail, __ATOMIC_ACQUIRE);
        std::vector<io_uring_sqe> offered;
        for (unsigned at = tail - to_submit; at != tail; ++at) {
            auto& sqe = ring.sq.sqes[at & *ring.sq.kring_mask];
            if (!moves_bytes(sqe)) {
                continue;
            }
            offered.push_back(sqe);
            const auto asked = static_cast<unsigned>(sqe.rw_flags);
            constexpr unsigned unknown = 1U << 30;  // to every kernel
            sqe.rw_flags =
                static_cast<int>((asked & ~unneeded) | ((asked & refused) != 0 ? unknown : 0));
        }
        const int entered =
            forwarding_ring::enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
        if (entered == static_cast<int>(to_submit)) {
            transfers.insert(transfers.end(), offered.begin(), offered.end());
        }
        return entered;
    }

    std::vector<unsigned> flags_seen() const {
        std::vector<unsigned> flags;
        for (const auto& one : transfers) {
            flags.push_back(static_cast<unsigned>(one.rw_flags));
        }
        return flags;
    }

private:
    // The doorbell reads, too, but never with a flag; only files are read at a place.
    static bool moves_bytes(const io_uring_sqe& one) noexcept {
        switch (one.opcode) {
            case abi::op_write:
            case abi::op_writev:
            case abi::op_write_fixed:
            case abi::op_writev_fixed:
            case abi::op_readv:
            case abi::op_read_fixed:
            case abi::op_readv_fixed:
                return true;
            case abi::op_read:
                return one.len != sizeof(std::uint64_t);
            default:
                return false;
        }
    }
};

}  // namespace pelton::test
