// Receiving whatever comes next, as a lease on the pages it lies in: no pages are held meanwhile.
//
//   an inflow is open, or left bytes behind    from arrivals.hpp, in order
//   the shard has provided buffers             RECV that picks one (Linux 5.19)
//   else                                       POLL, then pages from the pool, then RECV
//
// Who meets an empty pool waits for pages to come home; the bytes wait in the socket.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/op/arrivals.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace pelton {

// What a receive needs to know of its stream. `arriving` is the stream's, and may be null; a
// receive that finds nothing more in it ends its life.
struct receive_from {
    target& on;
    arrivals*& arriving;
    unsigned pages;         // of a lease, where the kernel cannot pick one
    std::size_t bytes_max;  // the most that is received
    bool multishot;         // an inflow is open
    std::size_t pages_ahead;
};

// Yields an empty lease at the end of the stream.
class receive_operation final : public operation<receive_operation, lease>,
                                page_request,
                                arrival_waiter {
public:
    receive_operation(shard& here, const receive_from& from) noexcept
        : operation(here), page_request(from.pages), from_(from) {
        set_flagged();
    }

    // Throws std::system_error when the shard's pages cannot be made.
    bool await_ready();

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        from_.on.enter();
        begin(waiter, *waiter.promise().on_strand());
    }

    result<lease> await_resume() noexcept;

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    result<lease> decode(std::int32_t outcome) noexcept;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    enum class stage : std::uint8_t {
        ready,        // the answer is here; nothing was started
        arriving,     // waits for arrivals
        picking,      // RECV into a provided buffer
        for_buffers,  // parked, until there are provided buffers
        polling,      // POLL
        for_pages,    // parked, until the pool has pages
        filling       // RECV into pages
    };

    void begin(std::coroutine_handle<> waiter, strand& flow) noexcept;
    bool answer_is_here() noexcept;
    arrivals* make_arrivals() noexcept;
    void count_as_waiting() noexcept;
    void count_no_more() noexcept;
    void again(stage to) noexcept;

    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void finished() noexcept override;
    void stopped_parked() noexcept override;
    void pages_came(lease pages) noexcept override;
    void something_arrived() noexcept override;
    const char* name() const noexcept override { return "receive"; }

    receive_from from_;
    lease taken_;
    receive_buffers* buffers_ = nullptr;  // null: the kernel cannot pick from them
    std::int32_t answer_ = 0;             // when ready
    stage at_ = stage::ready;
    bool counted_ = false;
};

}  // namespace pelton
