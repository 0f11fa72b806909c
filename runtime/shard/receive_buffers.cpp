#include <pelton/runtime/shard/receive_buffers.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace pelton {
namespace {

constexpr std::size_t entries_max = arena::page_bytes() / sizeof(io_uring_buf);
constexpr std::size_t pages_max = (std::size_t{4} << 20) / arena::page_bytes();

// One receive fills at most a run. Where each takes whole pages, a long run would waste them.
constexpr std::size_t whole_run_pages = 4;
constexpr std::size_t incremental_run_pages = 16;

std::uint16_t id_of(std::uint32_t cqe_flags) {
    return static_cast<std::uint16_t>(cqe_flags >> abi::cqe_buffer_shift);
}

}  // namespace

receive_buffers::receive_buffers(shard& home, std::size_t pages)
    : page_request(0), home_(home), pages_(home.pages()), ring_(std::make_unique<ring_memory>()) {
    const auto all = pages_.pool().pages();
    const auto wanted = pages != 0 ? std::min(pages, all / 2) : std::min(all / 8, pages_max);
    if (wanted == 0) {
        return;
    }
    incremental_ = home.queues().has(feature::buffer_ring_incremental);
    const auto longest = incremental_ ? incremental_run_pages : whole_run_pages;
    const auto run = std::clamp<std::size_t>(wanted / 4, 1, longest);
    if (open(run, wanted / run)) {
        refill();
    }
}

receive_buffers::receive_buffers(shard& home, std::uint16_t own_group, std::size_t run_pages,
                                 std::size_t runs)
    : page_request(0),
      home_(home),
      pages_(home.pages()),
      group_(own_group),
      ring_(std::make_unique<ring_memory>()) {
    // Of all groups together at most half the pool: what lies ready is nobody's to give back.
    const auto all = pages_.pool().pages();
    const auto left = all / 2 - std::min(all / 2, pages_.aside());
    const auto most = std::min(all / 4, left) / run_pages;
    if (most != 0 && open(run_pages, std::min(std::max<std::size_t>(runs, 1), most))) {
        refill();
    }
}

bool receive_buffers::open(std::size_t run_pages, std::size_t runs) {
    const auto entries = std::min(entries_max, std::bit_floor(runs));
    places_.resize(entries);
    empty_places_.resize(entries);
    const auto made = home_.queues().register_buffer_ring(
        ring_.get(), static_cast<unsigned>(entries), group_, incremental_);
    if (!made) {
        home_.notice(fmt::format("no pages lie ready for receiving ({}): receives poll first",
                                 made.error().message()));
        return false;
    }
    run_pages_ = static_cast<unsigned>(run_pages);
    entries_ = static_cast<unsigned>(entries);
    pages_.set_aside(run_pages * entries);
    want(run_pages);
    for (unsigned id = 0; id < entries_; ++id) {
        make_empty(static_cast<std::uint16_t>(id));
    }
    return true;
}

receive_buffers::~receive_buffers() {
    if (ring_ != nullptr && usable()) {
        home_.queues().unregister_buffer_ring(group_);
        pages_.no_longer_aside(std::size_t{run_pages_} * entries_);
    }
    if (in_queue_) {
        pages_.leave_queue(*this);
    }
}

void receive_buffers::leak() noexcept {
    static_cast<void>(ring_.release());
}

std::size_t receive_buffers::pages_held() const noexcept {
    return std::size_t{ready()} * run_pages_;
}

// What came
// ---------------------------------------------------------------------------------------

lease receive_buffers::arrived(std::size_t length, std::uint32_t flags) noexcept {
    auto came = incremental_ ? part(id_of(flags), length, (flags & abi::cqe_buffer_more) != 0)
                             : whole(id_of(flags), length);
    refill();
    return came;
}

std::uint16_t receive_buffers::id_at(std::uint16_t position) const noexcept {
    return ring_->entries[position & (entries_ - 1)].bid;
}

lease receive_buffers::whole(std::uint16_t id, std::size_t length) noexcept {
    check(id < entries_ && places_[id].run, "the kernel filled a buffer that it did not have");
    auto came = std::move(places_[id].run);
    came.narrow(0, length);
    make_empty(id);
    return came;
}

lease receive_buffers::part(std::uint16_t id, std::size_t length, bool more) noexcept {
    check(id < entries_ && places_[id].run, "the kernel filled a buffer that it did not have");
    auto& from = places_[id];
    const auto first = from.used / arena::page_bytes();
    const auto last = (from.used + length - 1) / arena::page_bytes();
    auto came = from.run.slice(first, last - first + 1);
    came.narrow(from.used - first * arena::page_bytes(), length);
    from.used += length;
    if (!more) {
        from.run.release();
        make_empty(id);
    }
    return came;
}

void receive_buffers::unused(std::uint32_t flags) noexcept {
    // Consumed incrementally, a buffer of which nothing was used is still where it was.
    if ((flags & abi::cqe_buffer) != 0 && !incremental_) {
        provide(id_of(flags));
    }
}

// What lies ready
// ----------------------------------------------------------------------------------

void receive_buffers::make_empty(std::uint16_t id) noexcept {
    empty_places_[empty_++] = id;
}

void receive_buffers::refill() noexcept {
    while (empty_ > 0) {
        auto run = pages_.take_now(run_pages_);
        if (!run) {
            return;  // serve() sees that there are empty places
        }
        fill(std::move(*run));
    }
}

void receive_buffers::fill(lease run) noexcept {
    const auto id = empty_places_[--empty_];
    places_[id].run = std::move(run);
    places_[id].used = 0;
    provide(id);
}

void receive_buffers::provide(std::uint16_t id) noexcept {
    auto& one = places_[id];
    auto& entry = ring_->entries[tail_ & (entries_ - 1)];
    entry.addr = reinterpret_cast<std::uint64_t>(one.run.data());
    entry.len = static_cast<std::uint32_t>(run_bytes());
    entry.bid = id;
    one.position = tail_++;
    // The tail lies in what is reserved in the first entry (struct io_uring_buf_ring).
    __atomic_store_n(&ring_->entries[0].resv, tail_, __ATOMIC_RELEASE);
}

// Who waits
// ----------------------------------------------------------------------------------------

bool receive_buffers::wait(page_request& one) noexcept {
    if (ready() > 0) {
        return false;
    }
    one.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &one;
    last_ = &one;
    return true;
}

void receive_buffers::forget(page_request& one) noexcept {
    page_request* before = nullptr;
    for (auto* at = first_; at != nullptr; before = at, at = at->next_) {
        if (at == &one) {
            (before == nullptr ? first_ : before->next_) = one.next_;
            last_ = last_ == &one ? before : last_;
            return;
        }
    }
}

void receive_buffers::serve_slowly() noexcept {
    refill();
    if (first_ == nullptr) {
        return;
    }
    if (ready() > 0) {
        call_waiting();
    } else if (!in_queue_) {
        in_queue_ = true;
        pages_.join_queue(*this);
    }
}

void receive_buffers::pages_came(lease pages) noexcept {
    in_queue_ = false;
    fill(std::move(pages));
    call_waiting();
}

void receive_buffers::call_waiting() noexcept {
    // All: those of them for whom nothing has come take no buffer, and wait in the kernel. (Not by
    // POLL_FIRST: a multishot receive with it never sees what had come before, on 6.18.)
    auto* each = std::exchange(first_, nullptr);
    while (each != nullptr) {
        auto& one = *each;
        each = one.next_;
        one.pages_came({});
    }
}

}  // namespace pelton
