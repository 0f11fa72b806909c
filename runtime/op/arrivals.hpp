// What a multishot receive (Linux 6.0) brings in, in order, until somebody takes it.
//
// A stream has one while it is read through an inflow, and until what arrived by then has been
// taken. It ends by itself when more lies here than it may hold, and begins again when that has
// been taken; when the provided buffers are empty, and begins again when pages came home; and when
// the CQ is full. The kernel holds what is not received meanwhile, and the peer is told to wait.
//
// Invariants
//   (1) Every byte that the kernel took from the socket is here, in order, until it is taken, or
//       until the stream is gone.
//   (2) While the kernel may have it the descriptor stays open: an orphan closes it at its end.
//
// Thread: the shard's.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/arrival_source.hpp>
#include <pelton/runtime/op/lease_queue.hpp>
#include <pelton/runtime/shard/receive_buffers.hpp>

#include <cstddef>
#include <cstdint>

namespace pelton {

class shard;

class arrivals final : public lasting_record, public arrival_source, page_request {
public:
    // Holds at most about `pages_max` pages that nobody has taken.
    arrivals(shard& here, int descriptor, receive_buffers& from, std::size_t pages_max) noexcept;
    ~arrivals() override;

    // The stream is read through an inflow: receive until there is too much, or until close_door().
    void open_door() noexcept;
    // Receive no more. What arrived, also from now on, stays to be taken.
    void close_door() noexcept;

    bool empty() const noexcept { return unread_.empty(); }
    // Whether more may still come by itself.
    bool pending() const noexcept { return running() || parked_ || door_; }
    // Whether the stream has ended, and how: 0 at its end, or a negated errno. Stays so.
    bool over() const noexcept { return over_; }
    std::int32_t how() const noexcept { return how_; }

    // The oldest bytes, at most `bytes_max` and at most one lease of them. Not when empty().
    lease take(std::size_t bytes_max = SIZE_MAX) noexcept;
    // Copies the oldest bytes and takes them. How many.
    std::size_t copy(const areas& into) noexcept;

    // The stream is gone, and its descriptor, if one is given, with it.
    void abandon(int descriptor) noexcept;

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void ended() noexcept override;
    void pages_came(lease) noexcept override;
    const char* name() const noexcept override { return "multishot receive"; }

    void keep(lease bytes) noexcept;
    void taken(std::size_t pages) noexcept;
    void go_on() noexcept;
    void wait_for_buffers() noexcept;
    void tell() noexcept;

    shard& home_;
    receive_buffers& from_;
    std::size_t pages_max_;
    std::size_t pages_unread_ = 0;
    lease_queue unread_;
    int descriptor_;
    std::int32_t how_ = 0;
    bool over_ = false;
    bool door_ = false;
    bool parked_ = false;  // waits for buffers
    bool ending_ = false;  // was asked to end
    bool owns_descriptor_ = false;
};

}  // namespace pelton
