// Where a rung of the ladder hands its transfers in: a raw ring, or nothing at all.
//
// The dry port fills an SQE like the real one and then reports the transfer as done in full: what
// remains is the work on descriptors alone. Choosing costs one predicted branch for each transfer.
#pragma once

#include <pelton/bench/raw/ring.hpp>

#include <array>

namespace pelton::bench::kiobuf {

class port {
public:
    // A dry port.
    port() = default;
    // `ring` must outlive the port; it takes at most its entries at a time.
    explicit port(raw_ring& ring) : ring_(&ring) {}

    // `length` is bytes, or the number of iovecs; `bytes` is what the transfer is worth.
    void queue(std::uint8_t opcode, int descriptor, const void* address, std::size_t length,
               std::uint64_t offset, const void* user_data, std::size_t bytes) noexcept {
        const auto tag = reinterpret_cast<std::uint64_t>(user_data);
        if (ring_ != nullptr) {
            prepare_transfer(ring_->sqe(), opcode, descriptor, address, length, offset, tag);
            return;
        }
        io_uring_sqe& sqe = dry_sqes_[dry_count_ % dry_room];
        std::memset(&sqe, 0, sizeof(sqe));
        prepare_transfer(sqe, opcode, descriptor, address, length, offset, tag);
        dry_results_[dry_count_++ % dry_room] = static_cast<std::int32_t>(bytes);
    }

    // Submits what is queued, waits for `wait_for` completions and hands over all there are as
    // `handle(user_data, result)`.
    template <class Handle>
    unsigned turn(unsigned wait_for, Handle&& handle) noexcept {
        if (ring_ != nullptr) {
            ring_->enter(wait_for);
            return ring_->reap([&](std::uint64_t user_data, std::int32_t result, std::uint32_t) {
                handle(reinterpret_cast<void*>(user_data), result);
            });
        }
        const unsigned count = dry_count_ - dry_done_;
        for (unsigned i = 0; i < count; ++i, ++dry_done_) {
            const std::uint64_t user_data = dry_sqes_[dry_done_ % dry_room].user_data;
            handle(reinterpret_cast<void*>(user_data), dry_results_[dry_done_ % dry_room]);
        }
        return count;
    }

private:
    static constexpr unsigned dry_room = 256;

    raw_ring* ring_ = nullptr;
    unsigned dry_count_ = 0;
    unsigned dry_done_ = 0;
    std::array<io_uring_sqe, dry_room> dry_sqes_{};
    std::array<std::int32_t, dry_room> dry_results_{};
};

}  // namespace pelton::bench::kiobuf
