// A shard's pages: one arena, registered with its ring when the kernel allows it, and the tasks
// that wait for pages to come home.
#pragma once

#include <pelton/buffers/page_pool.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/task/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>

namespace pelton {

class shard;
class page_source;

// Awaits a run of pages. Resumes from the loop, in the order of asking. Does not suspend when the
// pages are there and nobody waits.
class [[nodiscard]] pages_awaiter final : public leaf {
public:
    pages_awaiter(page_source& from, std::size_t pages) noexcept : from_(from), pages_(pages) {}
    pages_awaiter(const pages_awaiter&) = delete;
    pages_awaiter& operator=(const pages_awaiter&) = delete;
    ~pages_awaiter() { check(!waiting_, "a task was destroyed while it waits for pages"); }

    bool await_ready() noexcept;
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        wait(waiter, *waiter.promise().on_strand());
    }
    result<lease> await_resume() noexcept { return std::move(taken_); }

    void request_stop() noexcept override;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    friend class page_source;
    void wait(std::coroutine_handle<> waiter, strand& flow) noexcept;
    void settle(result<lease> outcome) noexcept;

    page_source& from_;
    std::size_t pages_;
    bool waiting_ = false;
    strand* flow_ = nullptr;
    resumable waiter_;
    pages_awaiter* next_ = nullptr;
    result<lease> taken_{lease()};
};

class page_source final : message {
public:
    // Maps and registers the arena. Throws std::system_error when there is no memory. When
    // RLIMIT_MEMLOCK does not allow the whole, a smaller arena is registered, at least an eighth of
    // what was asked for; below that it stays unregistered. Either is said once.
    page_source(shard& home, std::size_t bytes);
    ~page_source();

    // One run of contiguous pages, lent until the lease dies. Waits, first come first served, while
    // they are lent. value_too_large when the pool never has as many, ECANCELED when the task was
    // asked to stop.
    pages_awaiter take(std::size_t pages) noexcept { return pages_awaiter(*this, pages); }

    // What is there now, or no_buffer_space. Does not overtake those who wait.
    result<lease> take_now(std::size_t pages) noexcept;

    page_pool& pool() noexcept { return *pool_; }
    const arena& memory() const noexcept { return *arena_; }
    bool registered() const noexcept { return index_.has_value(); }

    // Hands pages to those who wait. Called by the shard once a turn.
    void serve() noexcept;

    // Gives up the arena without unmapping it: the kernel may still write there.
    void leak() noexcept;

private:
    friend class pages_awaiter;
    void deliver() noexcept override;
    void register_arena(std::size_t bytes);
    void join_queue(pages_awaiter& one) noexcept;
    void leave_queue(pages_awaiter& one) noexcept;

    shard& home_;
    std::unique_ptr<arena> arena_;
    std::optional<unsigned> index_;  // of the registered buffer
    std::unique_ptr<page_pool> pool_;
    bool came_home_ = false;
    std::atomic<bool> posted_{false};
    pages_awaiter* first_ = nullptr;
    pages_awaiter* last_ = nullptr;
};

}  // namespace pelton
