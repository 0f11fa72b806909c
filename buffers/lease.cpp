#include <pelton/buffers/lease.hpp>
#include <pelton/buffers/page_pool.hpp>

namespace pelton {

void lease::narrow(std::size_t offset, std::size_t length) noexcept {
    check(offset <= shown_.length, "narrow() from beyond the bytes that a lease shows");
    check(length <= shown_.length - offset, "narrow() to more bytes than a lease shows");
    shown_ = {shown_.start + offset, length};
}

area lease::page(std::size_t index) const noexcept {
    check(index < page_count_, "page() of a page that the lease does not hold");
    const auto offset = (first_page_ + index) * arena::page_bytes();
    return {pool_->arena_.base() + offset, arena::page_bytes()};
}

lease lease::share() const noexcept {
    if (pool_ == nullptr) {
        return {};
    }
    pool_->share(first_page_, page_count_);
    return lease(*pool_, first_page_, page_count_, shown_);
}

lease lease::slice(std::size_t first_page, std::size_t page_count) const noexcept {
    check(first_page <= page_count_, "slice() from beyond the pages of a lease");
    check(page_count <= page_count_ - first_page, "slice() of more pages than a lease holds");
    if (page_count == 0) {
        return {};
    }
    const auto first = first_page_ + static_cast<std::uint32_t>(first_page);
    const auto count = static_cast<std::uint32_t>(page_count);
    pool_->share(first, count);
    return lease(*pool_, first, count, {page(first_page).start, page_count * arena::page_bytes()});
}

void lease::release() noexcept {
    if (pool_ != nullptr) {
        lease last;
        swap(last);
        last.pool_->let_go(last.first_page_, last.page_count_);
        last.pool_ = nullptr;
    }
}

void lease::swap(lease& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(shown_, other.shown_);
    std::swap(first_page_, other.first_page_);
    std::swap(page_count_, other.page_count_);
}

}  // namespace pelton
