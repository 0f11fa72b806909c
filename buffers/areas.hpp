// A view of an array of areas, less some bytes at either end: what every operation takes.
//
// It has two forms. The array form points at entries that the caller owns and that nobody writes;
// the span form holds the address of one contiguous range itself, so it needs no array at all.
//
// Invariants
//   (1) bytes_ is the exact number of bytes in view.
//   (2) In the array form the first and the last entry each have at least one byte in view: a view
//       of no bytes is always in the span form.
//   (3) cut_ is how many bytes of the last entry lie beyond the view, or `unknown` when that does
//       not fit or an entry between has no length. cut_ == 0 therefore means that READV_FIXED,
//       which refuses empty entries, may be given these entries as they are.
//
// Lifetime: the entries and the memory must outlive the view and every operation it is given to.
// Thread: a value; entries and memory are only read through it, so copies may be anywhere.
#pragma once

#include <pelton/buffers/area.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <type_traits>

namespace pelton {

class areas_iterator;

class areas {
public:
    constexpr areas() noexcept = default;

    // One contiguous range, in the span form.
    template <std::size_t Extent>
    constexpr areas(std::span<std::byte, Extent> range) noexcept
        : where_{.address = range.data()}, bytes_(range.size()), count_(range.empty() ? 0 : 1) {}

    // `one` stays where it is and is read in place; a temporary is taken in the span form instead.
    constexpr areas(const area& one) noexcept : areas(&one, std::size_t{1}) {}
    constexpr areas(const area&& one) noexcept : areas(std::span(one.start, one.length)) {}

    // Takes time proportional to the number of entries. The lengths must not overflow size_t.
    template <class Area, std::size_t Extent>
        requires std::is_same_v<std::remove_const_t<Area>, area>
    constexpr areas(std::span<Area, Extent> entries) noexcept
        : areas(entries.data(), entries.size()) {}

    // Memory that is only read. Give the view to operations that write it to a file or a socket,
    // never to one that fills it.
    static areas for_write(std::span<const std::byte> range) noexcept {
        return std::span(const_cast<std::byte*>(range.data()), range.size());
    }
    static areas for_write(std::string_view text) noexcept {
        return for_write(std::as_bytes(std::span(text)));
    }

    // The same view, copied field by field. An operation takes a view that was only just made: a
    // compiler still has the fields, and a processor need not read back as a whole what it is still
    // writing in parts.
    constexpr areas by_fields() const noexcept { return {array_, where_, bytes_, count_, cut_}; }

    constexpr std::size_t bytes() const noexcept { return bytes_; }
    constexpr bool empty() const noexcept { return bytes_ == 0; }

    // Entries in view, those of no length between them included; 1 for the span form with bytes.
    constexpr std::size_t count() const noexcept { return count_; }

    // The first entry in view, which may be cut; null in the span form.
    constexpr const area* array() const noexcept { return array_; }

    // Bytes of the first entry that lie before the view.
    constexpr std::size_t skipped() const noexcept { return array_ ? where_.skipped : 0; }

    // True when array() and count() may go to the kernel as they are: no entry is cut or empty.
    constexpr bool whole() const noexcept { return array_ && where_.skipped == 0 && cut_ == 0; }

    // True when all bytes lie in one entry, or in none; address() is then where they start.
    constexpr bool contiguous() const noexcept { return array_ == nullptr || count_ == 1; }
    constexpr std::byte* address() const noexcept;

    // What is in view of the first entry that is in view.
    constexpr area front() const noexcept;

    // All but the first n bytes, and the first n bytes; n beyond the end means the end. O(1) when
    // the cut falls into the first or the last entry, otherwise proportional to entries passed.
    constexpr areas skip(std::size_t n) const noexcept;
    constexpr areas first(std::size_t n) const noexcept;

    // Copies the areas in view, cut to it, without those of no length. Stops when `scratch` is
    // full: the rest of the view is then a short transfer. Returns the number of areas written.
    constexpr std::size_t lower(std::span<area> scratch) const noexcept;

    // The areas in view, cut to it, without those of no length; by value.
    constexpr areas_iterator begin() const noexcept;
    constexpr areas_iterator end() const noexcept;

private:
    friend class area_cursor;
    friend class area_list;

    static constexpr std::uint32_t unknown = UINT32_MAX;

    union place {
        std::size_t skipped;
        std::byte* address;
    };

    constexpr areas(const area* array, std::size_t skipped, std::size_t bytes, std::size_t count,
                    std::uint32_t cut) noexcept
        : array_(array),
          where_{.skipped = skipped},
          bytes_(bytes),
          count_(static_cast<std::uint32_t>(count)),
          cut_(cut) {}
    constexpr areas(const area* array, std::size_t count) noexcept;
    constexpr areas(const area* array, const place& where, std::size_t bytes, std::uint32_t count,
                    std::uint32_t cut) noexcept
        : array_(array), where_(where), bytes_(bytes), count_(count), cut_(cut) {}

    static constexpr std::uint32_t stored_cut(std::size_t cut) noexcept {
        return cut < unknown ? static_cast<std::uint32_t>(cut) : unknown;
    }
    constexpr std::size_t bytes_in_first() const noexcept;

    const area* array_ = nullptr;
    place where_{.address = nullptr};
    std::size_t bytes_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t cut_ = 0;
};

static_assert(sizeof(areas) == 32 && std::is_trivially_copyable_v<areas>);

// Yields areas by value. Two iterators compare equal when they have the same bytes before them, so
// only those of one view may be compared.
class areas_iterator {
public:
    using value_type = area;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;

    constexpr areas_iterator() noexcept = default;
    constexpr explicit areas_iterator(areas rest) noexcept : rest_(rest) {}

    constexpr area operator*() const noexcept { return rest_.front(); }
    constexpr areas_iterator& operator++() noexcept {
        rest_ = rest_.skip(rest_.front().length);
        return *this;
    }
    constexpr areas_iterator operator++(int) noexcept {
        auto before = *this;
        ++*this;
        return before;
    }
    friend constexpr bool operator==(const areas_iterator& a, const areas_iterator& b) noexcept {
        return a.rest_.bytes() == b.rest_.bytes();
    }

private:
    areas rest_;
};

}  // namespace pelton

#include <pelton/buffers/areas_inline.hpp>
