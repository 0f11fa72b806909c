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
#include <vector>

namespace pelton {

class shard;
class page_source;

// A place in the queue for pages.
class page_request {
public:
    explicit page_request(std::size_t pages) noexcept : wanted_(pages) {}
    page_request(const page_request&) = delete;
    page_request& operator=(const page_request&) = delete;

protected:
    ~page_request() = default;

    void want(std::size_t pages) noexcept { wanted_ = pages; }
    std::size_t wanted() const noexcept { return wanted_; }

    // They are here, and it has left the queue. Makes things ready, resumes nothing.
    virtual void pages_came(lease pages) noexcept = 0;

private:
    friend class page_source;
    friend class receive_buffers;
    std::size_t wanted_;
    page_request* next_ = nullptr;
};

// Awaits a run of pages. Resumes from the loop, in the order of asking. Does not suspend when the
// pages are there and nobody waits.
class [[nodiscard]] pages_awaiter final : public leaf, page_request {
public:
    pages_awaiter(page_source& from, std::size_t pages) noexcept
        : page_request(pages), from_(from) {}
    ~pages_awaiter() { check(!waiting_, "a task was destroyed while it waits for pages"); }

    // Asks in await_suspend(), which knows whose the pages will be.
    bool await_ready() const noexcept { return false; }
    template <stranded Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        return must_wait(waiter, *waiter.promise().on_strand());
    }
    result<lease> await_resume() noexcept { return std::move(taken_); }

    void request_stop() noexcept override;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    void pages_came(lease pages) noexcept override;
    bool must_wait(std::coroutine_handle<> waiter, strand& flow) noexcept;
    void settle(result<lease> outcome) noexcept;

    page_source& from_;
    bool waiting_ = false;
    strand* flow_ = nullptr;
    resumable waiter_;
    result<lease> taken_{lease()};
};

class page_source final : message {
public:
    // Maps and registers the arena. Throws std::system_error when there is no memory. When
    // RLIMIT_MEMLOCK does not allow the whole, a smaller arena is registered, at least an eighth of
    // what was asked for; below that it stays unregistered. Either is said once.
    page_source(shard& home, std::size_t bytes);
    // Takes over an arena that the ring knows as buffer `index`, if it does. The ring knows those
    // of other shards too, and all of them are given back at the end.
    page_source(shard& home, std::unique_ptr<arena> memory, std::optional<unsigned> index);
    ~page_source();

    // One run of contiguous pages, lent until the lease dies. Waits, first come first served, while
    // they are lent. value_too_large when the pool never has as many beside what is set aside,
    // ECANCELED when the task was asked to stop.
    pages_awaiter take(std::size_t pages) noexcept { return pages_awaiter(*this, pages); }

    // What is there now, or no_buffer_space. Does not overtake those who wait.
    result<lease> take_now(std::size_t pages) noexcept;

    // Pages that come home no sooner than who has them ready for receiving ends.
    void set_aside(std::size_t pages) noexcept { aside_ += pages; }
    void no_longer_aside(std::size_t pages) noexcept { aside_ -= pages; }
    std::size_t aside() const noexcept { return aside_; }

    page_pool& pool() noexcept { return *pool_; }
    const arena& memory() const noexcept { return *arena_; }
    bool registered() const noexcept { return index_.has_value(); }
    bool is_awaited() const noexcept { return first_ != nullptr; }

    // For those who are no tasks: waits in the same queue, until pages_came() or leave_queue().
    void join_queue(page_request& one) noexcept;
    void leave_queue(page_request& one) noexcept;

    // Whether tasks wait, and how many pages a task has that it took here and that are still lent:
    // an account for whoever looks for a deadlock.
    bool has_waiters() const noexcept { return first_ != nullptr; }
    std::size_t pages_of(const strand& flow) const noexcept;

    // Hands pages to those who wait. Called by the shard once a turn.
    void serve() noexcept {
        if (came_home_) [[unlikely]] {
            serve_slowly();
        }
    }

    // Gives up the arena without unmapping it: the kernel may still write there.
    void leak() noexcept;

private:
    friend class pages_awaiter;
    void deliver() noexcept override;
    void register_arena(std::size_t bytes);
    void note_taker(const lease& taken, const strand* flow) noexcept;
    void make_pool();
    void serve_slowly() noexcept;

    shard& home_;
    std::unique_ptr<arena> arena_;
    std::optional<unsigned> index_;  // of the registered buffer
    bool of_a_team_ = false;
    std::unique_ptr<page_pool> pool_;
    std::size_t aside_ = 0;
    std::vector<const strand*> takers_;  // of each page: the task that took it last, if one did,
                                         // which may have ended since
    bool came_home_ = false;
    std::atomic<bool> posted_{false};
    page_request* first_ = nullptr;
    page_request* last_ = nullptr;
};

}  // namespace pelton
