// The bodies of areas.hpp: inline, because every operation runs through them.
#pragma once

#include <pelton/buffers/areas.hpp>

#include <algorithm>

namespace pelton {

constexpr areas::areas(const area* array, std::size_t count) noexcept {
    while (count > 0 && array->length == 0) {
        ++array;
        --count;
    }
    while (count > 0 && array[count - 1].length == 0) {
        --count;
    }
    if (count == 0) {
        return;
    }
    if (count > UINT32_MAX) {
        fatal("a view of more than 2^32 - 1 areas");
    }
    for (const area& each : std::span(array, count)) {
        if (each.length > SIZE_MAX - bytes_) {
            fatal("the lengths of an array of areas overflow size_t");
        }
        bytes_ += each.length;
        cut_ = each.length == 0 ? unknown : cut_;
    }
    array_ = array;
    where_ = {.skipped = 0};
    count_ = static_cast<std::uint32_t>(count);
}

constexpr std::byte* areas::address() const noexcept {
    if (array_ == nullptr) {
        return where_.address;
    }
    if (count_ != 1) {
        fatal("the address of areas that are not contiguous: ask contiguous() first");
    }
    return array_->start + where_.skipped;
}

constexpr std::size_t areas::bytes_in_first() const noexcept {
    return array_ == nullptr ? bytes_ : std::min(array_->length - where_.skipped, bytes_);
}

constexpr area areas::front() const noexcept {
    auto* const start = array_ == nullptr ? where_.address : array_->start + where_.skipped;
    return {start, bytes_in_first()};
}

constexpr areas areas::skip(std::size_t n) const noexcept {
    n = std::min(n, bytes_);
    if (array_ == nullptr) {
        return n == 0 ? *this : areas(std::span(where_.address + n, bytes_ - n));
    }
    const auto left = bytes_ - n;
    if (left == 0) {
        return {};
    }
    const auto* const last = array_ + count_ - 1;
    if (n >= bytes_in_first() && cut_ != unknown && left <= last->length - cut_) {
        return {last, last->length - cut_ - left, left, 1, cut_};
    }
    const auto* at = array_;
    auto offset = where_.skipped + n;
    while (offset >= at->length) {
        offset -= at->length;
        ++at;
    }
    const auto passed = static_cast<std::size_t>(at - array_);
    const auto cut = passed + 1 == count_ ? stored_cut(at->length - offset - left) : cut_;
    return {at, offset, left, count_ - passed, cut};
}

constexpr areas areas::first(std::size_t n) const noexcept {
    if (n >= bytes_) {
        return *this;
    }
    if (array_ == nullptr) {
        return std::span(where_.address, n);
    }
    if (n == 0) {
        return {};
    }
    const auto* const last = array_ + count_ - 1;
    const auto gone = bytes_ - n;
    if (n > bytes_in_first() && cut_ != unknown && gone < last->length - cut_) {
        return {array_, where_.skipped, n, count_, stored_cut(cut_ + gone)};
    }
    const auto* at = array_;
    auto end = where_.skipped + n;
    bool gap = false;
    while (end > at->length) {
        end -= at->length;
        ++at;
        gap = gap || at->length == 0;
    }
    return {array_, where_.skipped, n, static_cast<std::size_t>(at - array_) + 1,
            gap ? unknown : stored_cut(at->length - end)};
}

constexpr std::size_t areas::lower(std::span<area> scratch) const noexcept {
    if (bytes_ == 0 || scratch.empty()) {
        return 0;
    }
    scratch[0] = front();
    std::size_t entries = 1;
    auto left = bytes_ - scratch[0].length;
    for (std::size_t i = 1; left > 0 && entries < scratch.size(); ++i) {
        if (array_[i].length > 0) {
            scratch[entries] = {array_[i].start, std::min(array_[i].length, left)};
            left -= scratch[entries++].length;
        }
    }
    return entries;
}

constexpr areas_iterator areas::begin() const noexcept {
    return areas_iterator(*this);
}
constexpr areas_iterator areas::end() const noexcept {
    return areas_iterator(skip(bytes_));
}

}  // namespace pelton
