// The free pages of an arena, as the longest possible runs, in lists by size class.
//
// Invariants
//   (1) No two free runs touch: neighbours merge as they come in.
//   (2) The first and the last record of a free run hold its length in free_pages; all other
//       records hold 0 there. So whoever comes home finds its free neighbours in O(1).
//   (3) A class's bit is set exactly when its list is not empty.
//
// Classes: runs of up to 7 pages have one for each length; from there each power of two has 8, so a
// run is at most 1/8 longer than the shortest of its class.
//
// Thread: the pool's.
#pragma once

#include <pelton/buffers/page_record.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace pelton {

class free_runs {
public:
    // `records` must outlive this; all of its pages are out at first.
    explicit free_runs(std::span<page_record> records) noexcept;

    // Takes in a run that nobody holds, and merges it with its free neighbours. O(1).
    void insert(std::uint32_t first, std::uint32_t pages) noexcept;

    // The first page of a run of exactly that many pages, no longer free. Empty when no free run is
    // long enough. O(1), except that the runs of the request's own class are searched one by one
    // when no longer class has any.
    std::optional<std::uint32_t> take(std::uint32_t pages) noexcept;

    std::uint32_t pages() const noexcept { return pages_; }

    // Takes time proportional to the runs of the largest class that has any.
    std::uint32_t largest_run() const noexcept;

private:
    // Enough for 2^18 pages, the 1 GiB of the largest arena.
    static constexpr std::size_t page_count_max = std::size_t{1} << 18;
    static constexpr std::size_t class_count = std::size_t{18} * 8;
    static constexpr std::size_t word_bits = 64;

    static std::size_t class_of(std::uint32_t pages) noexcept;
    std::size_t next_class(std::size_t from) const noexcept;
    std::uint32_t long_enough(std::size_t in_class, std::uint32_t pages) const noexcept;
    void link(std::uint32_t first, std::uint32_t pages) noexcept;
    void unlink(std::uint32_t first) noexcept;

    std::span<page_record> records_;
    std::array<std::uint32_t, class_count> heads_;
    std::array<std::uint64_t, (class_count + word_bits - 1) / word_bits> occupied_{};
    std::uint32_t pages_ = 0;
};

}  // namespace pelton
