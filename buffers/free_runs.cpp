#include <pelton/buffers/free_runs.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <algorithm>
#include <bit>

namespace pelton {

free_runs::free_runs(std::span<page_record> records) noexcept : records_(records) {
    check(records.size() <= page_count_max, "more pages than the size classes reach");
    heads_.fill(no_page);
}

std::size_t free_runs::class_of(std::uint32_t pages) noexcept {
    if (pages < 8) {
        return pages;
    }
    const auto power = static_cast<std::size_t>(std::bit_width(pages)) - 1;
    return (power - 2) * 8 + ((pages >> (power - 3)) & 7);
}

std::size_t free_runs::next_class(std::size_t from) const noexcept {
    for (auto word = from / word_bits; word < occupied_.size(); ++word) {
        const auto below = word == from / word_bits ? from % word_bits : 0;
        const auto bits = occupied_[word] >> below << below;
        if (bits != 0) {
            return word * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
        }
    }
    return class_count;
}

void free_runs::insert(std::uint32_t first, std::uint32_t pages) noexcept {
    pages_ += pages;
    if (first > 0) {
        if (const auto before = records_[first - 1].free_pages; before > 0) {
            first -= before;
            pages += before;
            unlink(first);
        }
    }
    if (const auto end = first + pages; end < records_.size()) {
        if (const auto after = records_[end].free_pages; after > 0) {
            unlink(end);
            pages += after;
        }
    }
    link(first, pages);
}

std::optional<std::uint32_t> free_runs::take(std::uint32_t pages) noexcept {
    // Every run of a longer class will do, so its first is taken without a look at the others.
    const auto own = class_of(pages);
    const auto longer = next_class(own + 1);
    auto first = heads_[own];
    if (first == no_page || records_[first].free_pages < pages) {
        first = longer < class_count ? heads_[longer] : long_enough(own, pages);
    }
    if (first == no_page) {
        return std::nullopt;
    }
    const auto found = records_[first].free_pages;
    unlink(first);
    if (found > pages) {
        link(first + pages, found - pages);
    }
    pages_ -= pages;
    return first;
}

std::uint32_t free_runs::long_enough(std::size_t in_class, std::uint32_t pages) const noexcept {
    auto first = heads_[in_class];
    while (first != no_page && records_[first].free_pages < pages) {
        first = records_[first].next;
    }
    return first;
}

std::uint32_t free_runs::largest_run() const noexcept {
    for (auto at = class_count; at-- > 0;) {
        std::uint32_t largest = 0;
        for (auto first = heads_[at]; first != no_page; first = records_[first].next) {
            largest = std::max(largest, records_[first].free_pages);
        }
        if (largest > 0) {
            return largest;
        }
    }
    return 0;
}

void free_runs::link(std::uint32_t first, std::uint32_t pages) noexcept {
    const auto at = class_of(pages);
    auto& head = heads_[at];
    records_[first].next = head;
    records_[first].previous = no_page;
    records_[first].free_pages = pages;
    records_[first + pages - 1].free_pages = pages;
    if (head != no_page) {
        records_[head].previous = first;
    }
    head = first;
    occupied_[at / word_bits] |= std::uint64_t{1} << at % word_bits;
}

void free_runs::unlink(std::uint32_t first) noexcept {
    auto& run = records_[first];
    const auto at = class_of(run.free_pages);
    if (run.next != no_page) {
        records_[run.next].previous = run.previous;
    }
    if (run.previous != no_page) {
        records_[run.previous].next = run.next;
    } else {
        heads_[at] = run.next;
    }
    if (heads_[at] == no_page) {
        occupied_[at / word_bits] &= ~(std::uint64_t{1} << at % word_bits);
    }
    records_[first + run.free_pages - 1].free_pages = 0;
    run.free_pages = 0;
}

}  // namespace pelton
