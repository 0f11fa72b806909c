#include <pelton/buffers/arena.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <linux/mman.h>
#include <sys/mman.h>

#include <cerrno>
#include <string>

namespace pelton {

namespace {

constexpr std::size_t round_up(std::size_t value, std::size_t unit) noexcept {
    return (value + unit - 1) / unit * unit;
}

std::size_t checked_bytes(const arena_options& options) {
    if (options.bytes == 0 || options.bytes > arena::bytes_max) {
        throw_failed_call(EINVAL, "an arena has from 1 byte to 1 GiB, not " +
                                      std::to_string(options.bytes) + " bytes");
    }
    return round_up(options.bytes, arena::page_bytes());
}

std::byte* aligned(void* start) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(start);
    return static_cast<std::byte*>(start) + (round_up(address, arena::alignment) - address);
}

}  // namespace

// Two units more than needed: up to one before the base aligns it, and what is left behind the last
// page keeps PROT_NONE, which is invariant (3).
arena::reservation::reservation(std::size_t wanted)
    : bytes(round_up(wanted, alignment) + 2 * alignment) {
    start = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        throw_failed_call(errno, "mmap of an arena of " + std::to_string(wanted) + " bytes");
    }
}

arena::reservation::~reservation() {
    check(::munmap(start, bytes) == 0, "munmap of an arena failed: its range is no longer ours");
}

arena::arena(const arena_options& options)
    : bytes_(checked_bytes(options)), reserved_(bytes_), base_(aligned(reserved_.start)) {
    map_pages(options);
    set_advice(options);
    if (options.prefault) {
        prefault();
    }
    records_ = std::make_unique<page_record[]>(pages());
}

arena::~arena() {
    check(!has_pool_, "an arena was destroyed before the page_pool that lends it");
}

void arena::map_pages(const arena_options& options) {
    if (options.hugetlb && map_hugetlb()) {
        return;
    }
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (::mmap(base_, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
        throw_failed_call(errno, "mmap of an arena of " + std::to_string(bytes_) + " bytes");
    }
}

// The kernel charges reserved huge pages here and not at the first touch, so too few of them are
// an error that we can fall back from, never a SIGBUS later.
bool arena::map_hugetlb() noexcept {
    const auto wanted = round_up(bytes_, alignment);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB | MAP_HUGE_2MB;
    if (::mmap(base_, wanted, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
        return false;
    }
    bytes_ = wanted;
    hugetlb_ = true;
    return true;
}

void arena::set_advice(const arena_options& options) {
    if (::madvise(base_, bytes_, MADV_DONTFORK) != 0) {
        throw_failed_call(errno, "madvise(MADV_DONTFORK) of an arena");
    }
    if (options.huge_pages && !hugetlb_) {
        // Best effort: a kernel without transparent huge pages says EINVAL, and small pages serve.
        static_cast<void>(::madvise(base_, bytes_, MADV_HUGEPAGE));
    }
}

void arena::prefault() {
    if (::madvise(base_, bytes_, MADV_POPULATE_WRITE) == 0) {
        return;
    }
    if (errno != EINVAL) {
        throw_failed_call(errno, "madvise(MADV_POPULATE_WRITE) of an arena");
    }
    // Before Linux 5.14. Volatile, or the compiler drops stores of what the memory already holds.
    for (std::size_t at = 0; at < bytes_; at += page_bytes()) {
        *static_cast<volatile std::byte*>(base_ + at) = std::byte{0};
    }
}

std::size_t arena::page_of(const void* inside) const noexcept {
    check(contains(inside, 1), "page_of an address outside the arena");
    return (reinterpret_cast<std::uintptr_t>(inside) - base_address()) / page_bytes();
}

std::size_t arena::offset_in_page(const void* inside) const noexcept {
    check(contains(inside, 1), "offset_in_page of an address outside the arena");
    return (reinterpret_cast<std::uintptr_t>(inside) - base_address()) % page_bytes();
}

}  // namespace pelton
