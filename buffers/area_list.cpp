#include <pelton/buffers/area_list.hpp>

namespace pelton {

area_list& area_list::operator=(area_list&& other) noexcept {
    if (this != &other) {
        spilled_ = std::move(other.spilled_);
        other.spilled_.clear();
        inline_ = other.inline_;
        count_ = std::exchange(other.count_, 0);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

void area_list::append(area next) {
    if (next.length == 0) {
        return;
    }
    check(next.length <= SIZE_MAX - bytes_, "the lengths in an area_list overflow size_t");
    auto* const last = count_ == 0 ? nullptr : data() + count_ - 1;
    if (last != nullptr && last->start + last->length == next.start) {
        last->length += next.length;
    } else {
        add_entry(next);
    }
    bytes_ += next.length;
}

void area_list::append(areas next) {
    for (const area each : next) {
        append(each);
    }
}

void area_list::add_entry(area next) {
    check(count_ < UINT32_MAX, "an area_list of more than 2^32 - 1 areas");
    if (count_ == inline_count && spilled_.empty()) {
        spilled_.reserve(4 * inline_count);
        spilled_.assign(inline_.begin(), inline_.end());
    }
    if (spilled_.empty()) {
        inline_[count_] = next;
    } else {
        spilled_.push_back(next);
    }
    ++count_;
}

void area_list::clear() noexcept {
    spilled_.clear();
    count_ = 0;
    bytes_ = 0;
}

area_list::operator areas() const& noexcept {
    if (count_ == 0) {
        return {};
    }
    return areas(data(), 0, bytes_, count_, 0);
}

}  // namespace pelton
