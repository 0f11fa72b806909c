// Leases, first in first out. It allocates only when it holds more than ever before.
#pragma once

#include <pelton/buffers/lease.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace pelton {

class lease_queue {
public:
    bool empty() const noexcept { return count_ == 0; }
    std::size_t count() const noexcept { return count_; }

    // Not when empty().
    lease& front() noexcept { return ring_[first_]; }
    lease pop() noexcept {
        auto oldest = std::move(ring_[first_]);
        first_ = (first_ + 1) & (ring_.size() - 1);
        --count_;
        return oldest;
    }

    // Throws std::bad_alloc, and is then as before.
    void push(lease newest) {
        if (count_ == ring_.size()) {
            grow();
        }
        ring_[(first_ + count_) & (ring_.size() - 1)] = std::move(newest);
        ++count_;
    }

private:
    static constexpr std::size_t smallest = 4;

    void grow() {
        std::vector<lease> larger(ring_.empty() ? smallest : 2 * ring_.size());
        for (std::size_t i = 0; i < count_; ++i) {
            larger[i] = std::move(ring_[(first_ + i) & (ring_.size() - 1)]);
        }
        ring_ = std::move(larger);
        first_ = 0;
    }

    std::vector<lease> ring_;  // a power of two of them, or none
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace pelton
