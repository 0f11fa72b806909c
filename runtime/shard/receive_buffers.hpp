// Pages of a shard's pool that lie ready for the kernel, which picks one when there is something to
// receive: so a connection that waits for its peer holds none.
//
// They are runs of one length in a provided buffer ring. What arrives is handed out as a lease on
// the pages it lies in, and fresh pages from the pool take their place; so nothing is picked a
// second time while a lease on it, or a slice of one, is out. When the pool is empty places stay
// empty, and those who meet an empty ring wait here until pages come home.
//
// With incremental consumption (Linux 6.12) one run serves receives one after the other, each lease
// on its own part of it; leases may then share a page.
//
// Invariants
//   (1) A run that the kernel may pick, or go on filling, is lent to this object.
//   (2) The places are picked in the order in which they were filled, which is how what a bundle
//       (Linux 6.10) filled after its first is known.
//
// Thread: the shard's.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/shard/page_source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pelton {

class shard;

class receive_buffers final : page_request {
public:
    static constexpr std::uint16_t group = 1;

    // Takes up to `pages` pages from the pool; 0 is an eighth of it, at most 4 MiB.
    receive_buffers(shard& home, std::size_t pages);
    // Up to `runs` runs of `run_pages` pages, at most a quarter of the pool, and half of it
    // together with what else lies ready, as a group of its own: for who must have whole runs, each
    // for one thing that arrives. Its owner calls serve() after wait(), and nobody else does. The
    // pages go home with it.
    receive_buffers(shard& home, std::uint16_t own_group, std::size_t run_pages, std::size_t runs);
    ~receive_buffers();

    // False when the kernel refused the ring, which was said once, or the pool is too small.
    bool usable() const noexcept { return entries_ != 0; }
    bool incremental() const noexcept { return incremental_; }

    // What a CQE with F_BUFFER and a positive result says has arrived: `length` bytes in the buffer
    // that `flags` names.
    lease arrived(std::size_t length, std::uint32_t flags) noexcept;

    // The same for a bundle: calls take(lease) for each buffer's part, in the order of the bytes.
    template <class Take>
    void bundle_arrived(std::size_t length, std::uint32_t flags, Take take) noexcept {
        auto position = places_[flags >> abi::cqe_buffer_shift].position;
        while (length > 0) {
            const auto id = id_at(position++);
            const auto part = length < run_bytes() ? length : run_bytes();
            take(whole(id, part));
            length -= part;
        }
        refill();
    }

    // A CQE with F_BUFFER and nothing in the buffer: the end of a stream, or an error.
    void unused(std::uint32_t flags) noexcept;

    // Who found the ring empty (ENOBUFS) waits, first come first served, until pages_came({}).
    // False when there are buffers again, so that there is nothing to wait for.
    bool wait(page_request& one) noexcept;
    void forget(page_request& one) noexcept;

    // Fills empty places and calls those who wait. Called by the shard once a turn.
    void serve() noexcept {
        if (empty_ != 0) [[unlikely]] {
            serve_slowly();
        }
    }

    std::uint16_t own_group() const noexcept { return group_; }
    std::size_t run_bytes() const noexcept { return run_pages_ * arena::page_bytes(); }
    // Places that the kernel can pick from, as far as is known, and all of them.
    unsigned ready() const noexcept { return entries_ - empty_; }
    unsigned places() const noexcept { return entries_; }
    // Lent to this object.
    std::size_t pages_held() const noexcept;

    // Gives up everything without taking it from the kernel.
    void leak() noexcept;

private:
    struct place {
        lease run;                   // what the kernel may pick, or nothing
        std::size_t used = 0;        // bytes of it that have arrived, when consumed incrementally
        std::uint16_t position = 0;  // in the ring
    };
    // The kernel pins it: it must not share its page with anything that moves or ends.
    struct alignas(arena::page_bytes()) ring_memory {
        std::array<io_uring_buf, arena::page_bytes() / sizeof(io_uring_buf)> entries;
    };

    bool open(std::size_t run_pages, std::size_t runs);
    void pages_came(lease pages) noexcept override;
    std::uint16_t id_at(std::uint16_t position) const noexcept;
    lease whole(std::uint16_t id, std::size_t length) noexcept;
    lease part(std::uint16_t id, std::size_t length, bool more) noexcept;
    void make_empty(std::uint16_t id) noexcept;
    void refill() noexcept;
    void fill(lease run) noexcept;
    void provide(std::uint16_t id) noexcept;
    void serve_slowly() noexcept;
    void call_waiting() noexcept;

    // Constant after construction
    shard& home_;
    page_source& pages_;
    std::uint16_t group_ = group;
    unsigned entries_ = 0;
    unsigned run_pages_ = 0;
    bool incremental_ = false;
    std::unique_ptr<ring_memory> ring_;

    // Change
    std::uint16_t tail_ = 0;
    std::vector<place> places_;                // by buffer id
    std::vector<std::uint16_t> empty_places_;  // ids; the first empty_ of them count
    unsigned empty_ = 0;
    bool in_queue_ = false;          // for pages
    page_request* first_ = nullptr;  // who wait for buffers
    page_request* last_ = nullptr;
};

}  // namespace pelton
