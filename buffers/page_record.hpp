// What is known of one page of an arena. The records are a table beside the pages, so that the
// pages themselves are never touched by whoever counts them.
#pragma once

#include <atomic>
#include <cstdint>

namespace pelton {

inline constexpr std::uint32_t no_page = UINT32_MAX;

struct page_record {
    // Leases on the page; 0 while it is free or on its way home. Any thread.
    std::atomic<std::uint32_t> leases{0};

    // In the first and the last page of a free run: the pages in the run. Otherwise 0. Pool's
    // thread only, so that neighbours coming home can look here whoever holds this page.
    std::uint32_t free_pages = 0;

    // Of a run's first page, and whoever holds the run writes them: the pool while it is free, the
    // thread that sends it home while it is on its way.
    std::uint32_t next = no_page;      // the next run in the list
    std::uint32_t previous = no_page;  // free: the run before it; on its way: its pages
};

static_assert(sizeof(page_record) == 16);

}  // namespace pelton
