#include <pelton/buffers/page_pool.hpp>

#include <string>

namespace pelton {

page_pool::page_pool(arena& from)
    : arena_(from),
      free_(std::span(from.records_.get(), from.pages())),
      owner_(std::this_thread::get_id()) {
    check(!from.has_pool_, "an arena has one page_pool at most");
    from.has_pool_ = true;
    free_.insert(0, static_cast<std::uint32_t>(from.pages()));
}

page_pool::~page_pool() {
    take_in();
    if (lent_pages() > 0) {
        fatal("a page_pool was destroyed while " + std::to_string(lent_pages()) + " of its " +
              std::to_string(pages()) + " pages are lent: leases must end before their pool");
    }
    // After all pages are in, not before: taking in a run shows us the count of its sender, who may
    // still have to call the wake hook.
    while (senders_.load(std::memory_order_acquire) > 0) {
        std::this_thread::yield();
    }
    arena_.has_pool_ = false;
}

result<lease> page_pool::take(std::size_t pages) noexcept {
    check(on_own_thread(), "take() on a thread that is not the page_pool's");
    if (pages == 0) {
        return failure(std::errc::invalid_argument);
    }
    if (pages > arena_.pages()) {
        return failure(std::errc::value_too_large);
    }
    collect();
    const auto count = static_cast<std::uint32_t>(pages);
    const auto first = free_.take(count);
    if (!first) {
        return failure(std::errc::no_buffer_space);
    }
    for (auto page = *first; page < *first + count; ++page) {
        record(page).leases.store(1, std::memory_order_relaxed);
    }
    return lease(*this, *first, count,
                 {arena_.base() + *first * arena::page_bytes(), pages * arena::page_bytes()});
}

void page_pool::collect() noexcept {
    check(on_own_thread(), "collect() on a thread that is not the page_pool's");
    if (take_in()) {
        home_();
    }
}

bool page_pool::take_in() noexcept {
    // take() comes here every time, so the usual empty list costs a load and not an exchange.
    if (arrived_.load(std::memory_order_relaxed) == no_page) {
        return false;
    }
    auto first = arrived_.exchange(no_page, std::memory_order_acquire);
    while (first != no_page) {
        // Read before insert(), which uses the same links for its own lists.
        const auto next = record(first).next;
        free_.insert(first, record(first).previous);
        first = next;
    }
    return true;
}

void page_pool::adopt() noexcept {
    owner_ = std::this_thread::get_id();
}

void page_pool::set_wake_hook(hook call, void* context) noexcept {
    wake_ = {call, context};
}

void page_pool::set_home_hook(hook call, void* context) noexcept {
    home_ = {call, context};
}

double page_pool::fragmentation() const noexcept {
    if (free_pages() == 0) {
        return 0;
    }
    return 1 - static_cast<double>(largest_run()) / static_cast<double>(free_pages());
}

void page_pool::share(std::uint32_t first, std::uint32_t pages) noexcept {
    for (auto page = first; page < first + pages; ++page) {
        const auto before = record(page).leases.fetch_add(1, std::memory_order_relaxed);
        check(before > 0 && before < UINT32_MAX, "a page has no lease to share, or 2^32 - 1");
    }
}

void page_pool::let_go(std::uint32_t first, std::uint32_t pages) noexcept {
    if (!on_own_thread()) {
        // Counted from before the first page can be collected, so that the pool is not destroyed
        // between a push and the call of its wake hook.
        senders_.fetch_add(1, std::memory_order_relaxed);
        end_leases(first, pages, [this](auto run, auto count) { send_home(run, count); });
        senders_.fetch_sub(1, std::memory_order_release);
        return;
    }
    if (end_leases(first, pages, [this](auto run, auto count) { free_.insert(run, count); })) {
        home_();
    }
}

// Calls go_home(first, pages) for each longest run of pages whose last lease this was. Returns
// whether there was one.
template <class GoHome>
bool page_pool::end_leases(std::uint32_t first, std::uint32_t pages, GoHome go_home) noexcept {
    bool any = false;
    const auto end = first + pages;
    auto run = first;
    for (auto page = first; page < end; ++page) {
        if (end_lease(record(page))) {
            continue;
        }
        if (page > run) {
            go_home(run, page - run);
            any = true;
        }
        run = page + 1;
    }
    if (end > run) {
        go_home(run, end - run);
        any = true;
    }
    return any;
}

// True when the page has no lease left.
bool page_pool::end_lease(page_record& page) noexcept {
    // Only a holder can add a holder: a count of 1 is ours alone and needs no locked instruction.
    // Acquire, as the other leases' last writes to the page must come before its next loan.
    if (page.leases.load(std::memory_order_acquire) == 1) {
        page.leases.store(0, std::memory_order_relaxed);
        return true;
    }
    const auto before = page.leases.fetch_sub(1, std::memory_order_acq_rel);
    check(before > 0, "a page came home that was not lent");
    return before == 1;
}

void page_pool::send_home(std::uint32_t first, std::uint32_t pages) noexcept {
    auto& run = record(first);
    run.previous = pages;
    auto head = arrived_.load(std::memory_order_relaxed);
    do {
        run.next = head;
    } while (!arrived_.compare_exchange_weak(head, first, std::memory_order_release,
                                             std::memory_order_relaxed));
    if (head == no_page) {
        wake_();
    }
}

}  // namespace pelton
