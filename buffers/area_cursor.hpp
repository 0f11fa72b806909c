// A place in a view of areas. Transfers resume after it, and split at it, without any entry of the
// array being written: several cursors may walk one array.
//
// Invariants
//   (1) 0 <= done() <= done() + left() == bytes of the view.
//   (2) In the array form the place lies before a byte of entry entry_, unless the cursor is at the
//       end: then it lies behind the last byte in view of the last entry.
//
// Every move is O(1) while it stays within one entry, otherwise proportional to the entries passed.
//
// Lifetime: as the view it was made from.
#pragma once

#include <pelton/buffers/areas.hpp>

namespace pelton {

class area_cursor {
public:
    constexpr explicit area_cursor(areas over) noexcept : all_(over), offset_(over.skipped()) {}

    constexpr std::size_t done() const noexcept { return done_; }
    constexpr std::size_t left() const noexcept { return all_.bytes() - done_; }

    // Moves n bytes forward, at most to the end.
    constexpr void advance(std::size_t n) noexcept;

    // Moves n bytes back, at most to the beginning.
    constexpr void rewind(std::size_t n) noexcept;

    // What is ahead.
    constexpr areas rest() const noexcept;

    // The next n bytes, or as many as there are; the cursor is then behind them.
    constexpr areas split(std::size_t n) noexcept {
        const auto piece = rest().first(n);
        advance(piece.bytes());
        return piece;
    }

private:
    areas all_;
    std::size_t done_ = 0;
    std::size_t offset_;       // in the entry; unused in the span form
    std::uint32_t entry_ = 0;  // index in the array of all_
};

constexpr void area_cursor::advance(std::size_t n) noexcept {
    n = std::min(n, left());
    done_ += n;
    if (all_.array() == nullptr) {
        return;
    }
    while (entry_ + 1 < all_.count() && n >= all_.array()[entry_].length - offset_) {
        n -= all_.array()[entry_].length - offset_;
        offset_ = 0;
        ++entry_;
    }
    offset_ += n;
}

constexpr void area_cursor::rewind(std::size_t n) noexcept {
    n = std::min(n, done_);
    done_ -= n;
    if (all_.array() == nullptr) {
        return;
    }
    // Never runs past entry 0: n is at most what lies between the place and the view's beginning.
    while (n > offset_) {
        n -= offset_;
        --entry_;
        offset_ = all_.array()[entry_].length;
    }
    offset_ -= n;
}

constexpr areas area_cursor::rest() const noexcept {
    if (all_.array() == nullptr || done_ == 0) {
        return all_.skip(done_);
    }
    if (left() == 0) {
        return {};
    }
    const auto* const at = all_.array() + entry_;
    const auto count = all_.count() - entry_;
    const auto cut = count == 1 ? areas::stored_cut(at->length - offset_ - left()) : all_.cut_;
    return {at, offset_, left(), count, cut};
}

}  // namespace pelton
