// Storage for areas that its owner fills: 16 of them inline, more on the heap.
//
// Invariants
//   (1) No area in it is empty, and no two neighbours touch: such an area lengthens the last one.
//   (2) bytes_ is the sum of the lengths, so that a view of the list costs nothing to make.
//
// Lifetime: a view of the list holds until the list is appended to, cleared, assigned, moved or
// destroyed. The list does not own the memory that its areas name.
#pragma once

#include <pelton/buffers/areas.hpp>

#include <array>
#include <utility>
#include <vector>

namespace pelton {

class area_list {
public:
    static constexpr std::size_t inline_count = 16;

    area_list() noexcept = default;
    area_list(const area_list&) = default;
    area_list& operator=(const area_list&) = default;
    // Leaves `other` empty.
    area_list(area_list&& other) noexcept
        : spilled_(std::move(other.spilled_)),
          inline_(other.inline_),
          count_(std::exchange(other.count_, 0)),
          bytes_(std::exchange(other.bytes_, 0)) {}
    area_list& operator=(area_list&& other) noexcept;
    ~area_list() = default;

    // Adds at the end. An empty area is not added; one that starts where the last one ends
    // lengthens it. Allocates when more than inline_count areas do not merge.
    void append(area next);
    // `next` must not be a view of this list.
    void append(areas next);

    // Empties the list and keeps its storage.
    void clear() noexcept;

    std::size_t count() const noexcept { return count_; }
    std::size_t bytes() const noexcept { return bytes_; }
    bool empty() const noexcept { return count_ == 0; }

    // A view of the whole list, in O(1).
    operator areas() const& noexcept;
    operator areas() const&& = delete;  // the view would outlive its array

private:
    const area* data() const noexcept {
        return spilled_.empty() ? inline_.data() : spilled_.data();
    }
    area* data() noexcept { return spilled_.empty() ? inline_.data() : spilled_.data(); }
    void add_entry(area next);

    std::vector<area> spilled_;  // empty, or all of the areas
    std::array<area, inline_count> inline_{};
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace pelton
