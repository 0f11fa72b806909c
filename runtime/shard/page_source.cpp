#include <pelton/runtime/shard/degraded_pages.hpp>
#include <pelton/runtime/shard/page_source.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

std::unique_ptr<arena> map(std::size_t bytes) {
    arena_options wanted;
    wanted.bytes = bytes;
    return std::make_unique<arena>(wanted);
}

}  // namespace

// Asking
// -------------------------------------------------------------------------------------------

bool pages_awaiter::must_wait(std::coroutine_handle<> waiter, strand& flow) noexcept {
    flow_ = &flow;
    auto taken = from_.take_now(wanted());
    if (taken) {
        from_.note_taker(*taken, &flow.outermost());
    }
    if (taken || taken.error() != std::errc::no_buffer_space) {
        taken_ = std::move(taken);
        return false;
    }
    waiter_.handle = waiter;
    waiting_ = true;
    if (flow.stop_requested) {
        settle(failure(ECANCELED));
        return true;
    }
    flow.waiting_in = this;
    from_.join_queue(*this);
    return true;
}

void pages_awaiter::request_stop() noexcept {
    if (waiting_) {
        from_.leave_queue(*this);
        settle(failure(ECANCELED));
    }
}

void pages_awaiter::pages_came(lease pages) noexcept {
    from_.note_taker(pages, &flow_->outermost());
    settle(std::move(pages));
}

void pages_awaiter::settle(result<lease> outcome) noexcept {
    taken_ = std::move(outcome);
    waiting_ = false;
    flow_->waiting_in = nullptr;
    flow_->home->make_ready(waiter_);
}

std::size_t pages_awaiter::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "wait for {} pages while it holds {} of {}", wanted(),
                            from_.pages_of(flow_->outermost()), from_.pool().pages())
        .size;
}

// Lending
// ------------------------------------------------------------------------------------------

page_source::page_source(shard& home, std::size_t bytes) : home_(home) {
    home_.open_door();  // first: what it throws leaves nothing registered
    register_arena(bytes);
    make_pool();
}

page_source::page_source(shard& home, std::unique_ptr<arena> memory, std::optional<unsigned> index)
    : home_(home), arena_(std::move(memory)), index_(index), of_a_team_(true) {
    home_.open_door();
    make_pool();
}

void page_source::make_pool() {
    pool_ = std::make_unique<page_pool>(*arena_);
    takers_.resize(pool_->pages());
    pool_->set_home_hook(
        [](void* self) noexcept { static_cast<page_source*>(self)->came_home_ = true; }, this);
    pool_->set_wake_hook(
        [](void* self) noexcept {
            auto& source = *static_cast<page_source*>(self);
            if (!source.posted_.exchange(true)) {
                source.home_.post(source);
            }
        },
        this);
}

page_source::~page_source() {
    if (arena_ == nullptr) {
        return;
    }
    check(first_ == nullptr, "a shard ended while tasks wait for its pages");
    pool_.reset();
    if (of_a_team_) {
        home_.queues().unregister_all();
    } else if (index_) {
        home_.queues().unregister_range(*index_);
    }
}

void page_source::register_arena(std::size_t bytes) {
    auto& queues = home_.queues();
    const auto least = std::max(bytes / 8, std::min(bytes, arena::page_bytes()));
    for (auto size = bytes; size >= least; size /= 2) {
        arena_.reset();
        arena_ = map(size);
        const auto index = queues.register_range(arena_->base(), arena_->bytes());
        if (index) {
            index_ = *index;
            if (size != bytes) {
                home_.notice(fewer_registered_pages(home_.calls(), size, bytes));
            }
            return;
        }
        if (index.error() != std::errc::not_enough_memory) {
            home_.notice(no_registered_pages(index.error()));
            return;
        }
    }
    arena_ = map(bytes);
    home_.notice(fewer_registered_pages(home_.calls(), 0, bytes));
}

result<lease> page_source::take_now(std::size_t pages) noexcept {
    // A request that the pool will never serve must not wait: those behind it would, too.
    if (pages > pool_->pages() - aside_) {
        return failure(std::errc::value_too_large);
    }
    if (first_ != nullptr && pages != 0) {
        return failure(std::errc::no_buffer_space);
    }
    auto taken = pool_->take(pages);
    if (taken) {
        note_taker(*taken, nullptr);
    }
    return taken;
}

void page_source::serve_slowly() noexcept {
    came_home_ = false;
    while (first_ != nullptr) {
        auto taken = pool_->take(first_->wanted_);
        if (!taken) {
            return;
        }
        auto& served = *first_;
        leave_queue(served);
        note_taker(*taken, nullptr);
        served.pages_came(std::move(*taken));
    }
}

void page_source::note_taker(const lease& taken, const strand* flow) noexcept {
    const auto first =
        static_cast<std::size_t>(taken.data() - arena_->base()) / arena::page_bytes();
    std::fill_n(takers_.begin() + static_cast<std::ptrdiff_t>(first), taken.pages(), flow);
}

std::size_t page_source::pages_of(const strand& flow) const noexcept {
    std::size_t count = 0;
    for (std::size_t page = 0; page < takers_.size(); ++page) {
        count += takers_[page] == &flow && pool_->is_lent(page) ? 1 : 0;
    }
    return count;
}

void page_source::deliver() noexcept {
    posted_.store(false);
    pool_->collect();
}

void page_source::join_queue(page_request& one) noexcept {
    one.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &one;
    last_ = &one;
}

void page_source::leave_queue(page_request& one) noexcept {
    page_request* before = nullptr;
    for (auto* at = first_; at != nullptr; before = at, at = at->next_) {
        if (at == &one) {
            (before == nullptr ? first_ : before->next_) = one.next_;
            if (last_ == &one) {
                last_ = before;
            }
            // Whoever is first now may want fewer pages than the one that left.
            came_home_ = true;
            return;
        }
    }
}

void page_source::leak() noexcept {
    static_cast<void>(pool_.release());
    static_cast<void>(arena_.release());
}

}  // namespace pelton
