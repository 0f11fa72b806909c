// Leases whose bytes belong together, and the view of all of them: a message as it came.
//
// Lifetime: as an area_list's. A view of it holds until it is appended to, moved or destroyed.
// Thread: as a lease's.
#pragma once

#include <pelton/buffers/area_list.hpp>
#include <pelton/buffers/lease.hpp>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace pelton {

class [[nodiscard]] lease_list {
public:
    static constexpr std::size_t inline_count = 8;

    lease_list() noexcept = default;
    // Leaves `other` empty.
    lease_list(lease_list&& other) noexcept
        : shown_(std::move(other.shown_)),
          few_(std::move(other.few_)),
          more_(std::move(other.more_)),
          count_(std::exchange(other.count_, 0)) {}
    lease_list& operator=(lease_list&& other) noexcept {
        shown_ = std::move(other.shown_);
        few_ = std::move(other.few_);
        more_ = std::move(other.more_);
        count_ = std::exchange(other.count_, 0);
        return *this;
    }
    ~lease_list() = default;

    // Adds what `next` shows at the end. Allocates beyond inline_count leases.
    void append(lease next) {
        shown_.append(area{next.data(), next.size()});
        if (count_ < inline_count) {
            few_[count_] = std::move(next);
        } else {
            more_.push_back(std::move(next));
        }
        ++count_;
    }

    // The leases, and one of them.
    std::size_t count() const noexcept { return count_; }
    const lease& operator[](std::size_t index) const noexcept {
        return index < inline_count ? few_[index] : more_[index - inline_count];
    }

    std::size_t bytes() const noexcept { return shown_.bytes(); }
    bool empty() const noexcept { return shown_.empty(); }

    // All bytes, or some; neighbours in memory are one area.
    class areas areas() const& noexcept { return shown_; }
    operator class areas() const& noexcept { return shown_; }
    class areas first(std::size_t n) const& noexcept { return areas().first(n); }
    class areas skip(std::size_t n) const& noexcept { return areas().skip(n); }

    // Views of a temporary would outlive its pages.
    class areas areas() const&& = delete;
    operator class areas() const&& = delete;
    class areas first(std::size_t n) const&& = delete;
    class areas skip(std::size_t n) const&& = delete;

private:
    area_list shown_;
    std::array<lease, inline_count> few_;
    std::vector<lease> more_;
    std::size_t count_ = 0;
};

}  // namespace pelton
