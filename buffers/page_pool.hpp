// Lends the pages of an arena in contiguous runs, and takes them back from any thread.
//
// Invariants
//   (1) Every page is free, lent (its record counts at least one lease), or on its way home from
//       another thread.
//   (2) Pages that come home merge with their free neighbours, so when all are home the arena is
//       one run again.
//   (3) Nothing is allocated after construction.
//   (4) The pool outlives its leases: the destructor ends the process if one is out.
//
// A run that ends on the pool's own thread goes home at once. On another thread it is pushed onto a
// list without a lock, and the wake hook is called if the list was empty; collect() takes it in.
//
// Thread: the one that constructed the pool, or the last that adopted it.
#pragma once

#include <pelton/buffers/arena.hpp>
#include <pelton/buffers/free_runs.hpp>
#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <atomic>
#include <thread>

namespace pelton {

class page_pool {
public:
    using hook = void (*)(void* context) noexcept;

    // Lends all pages of the arena, which must outlive the pool and have no other pool on it.
    explicit page_pool(arena& from);
    page_pool(const page_pool&) = delete;
    page_pool& operator=(const page_pool&) = delete;
    // Ends the process with a sentence when pages are still lent.
    ~page_pool();

    // One contiguous run. Pages from other threads are collected first. Fails with
    // no_buffer_space when no free run is long enough now (a later call may succeed),
    // value_too_large when the arena has fewer pages, invalid_argument for 0 pages.
    result<lease> take(std::size_t pages) noexcept;

    // Takes in the pages that other threads sent home.
    void collect() noexcept;

    // Makes the calling thread the pool's thread. The previous one must have stopped using it.
    void adopt() noexcept;

    // Called on the thread that sends pages home, each time the list of pages to collect stops
    // being empty. `context` must outlive the pool. Set before a lease leaves the pool's thread.
    void set_wake_hook(hook call, void* context) noexcept;

    // Called on the pool's thread after pages became free, also from inside a lease's
    // destructor and from take(): it may note that there are pages, but not take any.
    void set_home_hook(hook call, void* context) noexcept;

    std::size_t pages() const noexcept { return arena_.pages(); }
    std::size_t free_pages() const noexcept { return free_.pages(); }
    // Pages on their way home count as lent until they are collected.
    std::size_t lent_pages() const noexcept { return pages() - free_pages(); }

    // Whether there is a lease on the page, counted from the arena's start.
    bool is_lent(std::size_t page) const noexcept {
        return arena_.records_[page].leases.load(std::memory_order_relaxed) != 0;
    }

    // The most that take() could lend at once, in pages.
    std::size_t largest_run() const noexcept { return free_.largest_run(); }
    // The part of the free pages that is not in the largest run: 0 when they are one run, or none.
    double fragmentation() const noexcept;

private:
    friend class lease;

    struct hook_call {
        hook call = nullptr;
        void* context = nullptr;

        void operator()() const noexcept {
            if (call != nullptr) {
                call(context);
            }
        }
    };

    page_record& record(std::uint32_t page) noexcept { return arena_.records_[page]; }
    bool on_own_thread() const noexcept { return owner_ == std::this_thread::get_id(); }

    void share(std::uint32_t first, std::uint32_t pages) noexcept;
    void let_go(std::uint32_t first, std::uint32_t pages) noexcept;
    template <class GoHome>
    bool end_leases(std::uint32_t first, std::uint32_t pages, GoHome go_home) noexcept;
    bool end_lease(page_record& page) noexcept;
    void send_home(std::uint32_t first, std::uint32_t pages) noexcept;
    bool take_in() noexcept;

    // Constant after construction
    arena& arena_;

    // Pool's thread
    free_runs free_;
    hook_call home_;

    // Any thread
    hook_call wake_;
    std::atomic<std::thread::id> owner_;
    std::atomic<std::uint32_t> arrived_{no_page};  // first pages of runs to collect
    std::atomic<std::uint32_t> senders_{0};        // threads inside send_home()
};

}  // namespace pelton
