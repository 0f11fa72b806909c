// One mapping of page memory, aligned to 2 MiB and, where the kernel has them, on huge pages.
//
// Invariants
//   (1) Pages never move, so that a ring needs to register an arena only once.
//   (2) A child process never has the pages (MADV_DONTFORK): pinned memory would be copied at fork.
//   (3) The memory behind the last page may not be touched, so no two arenas are adjacent and no
//       merged area spans both.
//
// Thread: constant after construction, apart from the page records, which belong to the pool.
#pragma once

#include <pelton/buffers/area.hpp>
#include <pelton/buffers/page_record.hpp>

#include <memory>
#include <span>

namespace pelton {

struct arena_options {
    std::size_t bytes = 0;   // rounded up to whole pages; at most arena::bytes_max
    bool hugetlb = false;    // from the reserved huge pages, rounded up to 2 MiB, if they suffice
    bool prefault = false;   // have all memory there at once, not when it is first touched
    bool huge_pages = true;  // ask for transparent huge pages; the kernel may not grant them
};

class arena {
public:
    // The kernel's limit for one registered buffer.
    static constexpr std::size_t bytes_max = std::size_t{1} << 30;
    static constexpr std::size_t alignment = std::size_t{2} << 20;

    // Throws std::system_error naming mmap when there is no memory, and one with EINVAL when
    // the size is 0 or more than bytes_max.
    explicit arena(const arena_options& options);
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    // No lease and no operation may hold a page any more. A page_pool on the arena goes first.
    ~arena();

    std::byte* base() const noexcept { return base_; }
    std::size_t bytes() const noexcept { return bytes_; }
    area whole() const noexcept { return {base_, bytes_}; }

    static constexpr std::size_t page_bytes() noexcept { return 4096; }
    std::size_t pages() const noexcept { return bytes_ / page_bytes(); }

    // Whether all of the range lies inside. An empty range does when its start does.
    bool contains(const void* start, std::size_t length) const noexcept {
        const auto offset = reinterpret_cast<std::uintptr_t>(start) - base_address();
        return offset < bytes_ && length <= bytes_ - offset;
    }

    // The page that an address inside the arena lies in, and how far from that page's start.
    std::size_t page_of(const void* inside) const noexcept;
    std::size_t offset_in_page(const void* inside) const noexcept;

    // Whether the reserved huge pages were asked for and sufficed.
    bool is_hugetlb() const noexcept { return hugetlb_; }

private:
    friend class page_pool;

    std::uintptr_t base_address() const noexcept { return reinterpret_cast<std::uintptr_t>(base_); }
    void map_pages(const arena_options& options);
    bool map_hugetlb() noexcept;
    void set_advice(const arena_options& options);
    void prefault();

    struct reservation {
        void* start;
        std::size_t bytes;

        explicit reservation(std::size_t wanted);
        reservation(const reservation&) = delete;
        reservation& operator=(const reservation&) = delete;
        ~reservation();
    };

    // Constant after construction
    std::size_t bytes_;
    reservation reserved_;
    std::byte* base_;
    bool hugetlb_ = false;
    std::unique_ptr<page_record[]> records_;

    // The pool's
    bool has_pool_ = false;
};

}  // namespace pelton
