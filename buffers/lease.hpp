// A run of pages on loan from a page_pool: they go home when the last lease on them is gone.
//
// Invariants
//   (1) A lease holds one contiguous run of whole pages, or nothing.
//   (2) A page goes home once, when its last lease lets go of it, on whatever thread that is.
//   (3) The bytes shown lie inside the pages held. A fresh lease shows all of them.
//
// Lifetime: the pool outlives its leases, or the process ends with a sentence. Views of a lease are
// in the span form: they stay good when the lease moves, but not when it lets go of its pages, so a
// lease is kept until every operation on its bytes is done.
// Thread: one lease belongs to one thread at a time and may be handed to another. Leases that share
// pages may be on different threads.
#pragma once

#include <pelton/buffers/areas.hpp>

#include <cstdint>
#include <utility>

namespace pelton {

class page_pool;

class [[nodiscard]] lease {
public:
    // Holds nothing.
    lease() noexcept = default;
    lease(lease&& other) noexcept { swap(other); }
    // Releases what it held before.
    lease& operator=(lease&& other) noexcept {
        lease(std::move(other)).swap(*this);
        return *this;
    }
    // As release(). Callable from any thread.
    ~lease() { release(); }

    // Whether it holds pages, whatever it shows.
    explicit operator bool() const noexcept { return pool_ != nullptr; }

    // The bytes shown.
    std::byte* data() const noexcept { return shown_.start; }
    std::size_t size() const noexcept { return shown_.length; }
    bool empty() const noexcept { return shown_.length == 0; }
    std::span<std::byte> bytes() const& noexcept { return {shown_.start, shown_.length}; }
    class areas areas() const& noexcept { return bytes(); }
    operator class areas() const& noexcept { return bytes(); }
    class areas first(std::size_t n) const& noexcept { return areas().first(n); }
    class areas skip(std::size_t n) const& noexcept { return areas().skip(n); }

    // Views of a temporary would outlive its pages.
    std::span<std::byte> bytes() const&& = delete;
    class areas areas() const&& = delete;
    operator class areas() const&& = delete;
    class areas first(std::size_t n) const&& = delete;
    class areas skip(std::size_t n) const&& = delete;

    // Shows only `length` of the bytes shown, from `offset` on; both must lie inside. The pages
    // stay held: a receive that filled 100 bytes shows those.
    void narrow(std::size_t offset, std::size_t length) noexcept;

    // The pages held, and one of them, whole.
    std::size_t pages() const noexcept { return page_count_; }
    area page(std::size_t index) const noexcept;

    // Another lease on the same pages, showing the same bytes. Empty gives empty.
    lease share() const noexcept;

    // Another lease, on some of the pages, showing all of their bytes. The range must lie inside.
    lease slice(std::size_t first_page, std::size_t page_count) const noexcept;

    // Lets go now: pages without another lease go home. Holds nothing afterwards. Takes time
    // proportional to the pages. Callable from any thread.
    void release() noexcept;

private:
    friend class page_pool;

    lease(page_pool& pool, std::uint32_t first_page, std::uint32_t page_count, area shown) noexcept
        : pool_(&pool), shown_(shown), first_page_(first_page), page_count_(page_count) {}
    void swap(lease& other) noexcept;

    page_pool* pool_ = nullptr;
    area shown_;
    std::uint32_t first_page_ = 0;
    std::uint32_t page_count_ = 0;
};

static_assert(sizeof(lease) == 32);

}  // namespace pelton
