// Which address ranges are registered buffers, and under which index.
//
// There are few: one for each arena. A linear look costs 1 to 2 ns, and the answer belongs to the
// ring, so an area need not carry it.
#pragma once

#include <pelton/buffers/area.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace pelton {

struct registered_range {
    const std::byte* start = nullptr;
    std::size_t bytes = 0;  // 0: a free slot

    bool holds(const void* address, std::size_t length) const noexcept {
        const auto offset =
            static_cast<std::size_t>(static_cast<const std::byte*>(address) - start);
        return offset < bytes && length <= bytes - offset;
    }
};

class registry {
public:
    static constexpr unsigned slots = 256;
    static constexpr int none = -1;

    // The index of the range that holds all of [address, address + length), or `none`.
    int find(const void* address, std::size_t length) const noexcept {
        for (unsigned i = 0; i < used_; ++i) {
            if (ranges_[i].holds(address, length)) {
                return static_cast<int>(i);
            }
        }
        return none;
    }

    // The index of the one range that holds every entry, or `none`. A zero-length entry also
    // answers `none`: the kernel refuses it in a fixed vector with EFAULT.
    int find_all(const area* entries, std::size_t count) const noexcept {
        const int index = find(entries[0].start, entries[0].length);
        if (index == none) {
            return none;
        }
        // Without branches, since 256 entries must not cost what the fixed opcode saves.
        const auto range = ranges_[static_cast<unsigned>(index)];
        bool all = true;
        for (std::size_t i = 0; i < count; ++i) {
            const auto offset = static_cast<std::size_t>(entries[i].start - range.start);
            const auto last = entries[i].length - 1;
            all &= (last < range.bytes) & (offset < range.bytes) & (last + offset < range.bytes);
        }
        return all ? index : none;
    }

    int free_slot() const noexcept {
        for (unsigned i = 0; i < slots; ++i) {
            if (ranges_[i].bytes == 0) {
                return static_cast<int>(i);
            }
        }
        return none;
    }

    bool is_used(unsigned index) const noexcept { return ranges_[index].bytes != 0; }

    void set(unsigned index, registered_range range) noexcept {
        ranges_[index] = range;
        while (used_ > 0 && ranges_[used_ - 1].bytes == 0) {
            --used_;
        }
        if (range.bytes != 0 && index >= used_) {
            used_ = index + 1;
        }
    }

private:
    unsigned used_ = 0;  // slots at and after this one are free
    std::array<registered_range, slots> ranges_{};
};

}  // namespace pelton
