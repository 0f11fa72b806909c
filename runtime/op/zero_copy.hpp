// Sending pages without a copy: the kernel reads them until the peer has acknowledged them.
//
// The answer, how many bytes were taken, comes first, and with it the sender goes on; the kernel's
// notification that it reads the pages no more comes later. Until then the record holds a lease on
// them. An error comes with both, too, so that only F_MORE tells what is still owed.
//
// Linux 6.0. Over loopback the kernel copies all the same.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace pelton {

// Who waits for the answer.
class zero_copy_sender {
public:
    // Bytes taken, or a negated errno. Makes things ready, resumes nothing.
    virtual void answered(std::int32_t outcome) noexcept = 0;

protected:
    ~zero_copy_sender() = default;
};

// One SEND_ZC. It ends its own life with the last CQE.
class zero_copy_send final : public lasting_record {
public:
    // `part` lies in `pages`.
    zero_copy_send(shard& here, int descriptor, lease pages, area part) noexcept;

    void begin(zero_copy_sender& by) noexcept {
        by_ = &by;
        start();
    }
    void stop() noexcept { ask_to_end(); }

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void ended() noexcept override;
    const char* name() const noexcept override { return "zero-copy send"; }

    shard& home_;
    zero_copy_sender* by_ = nullptr;
    lease pages_;
    area part_;
    int descriptor_;
};

// Sends all that a lease shows: without a copy from `least` bytes on, where the kernel can and the
// socket lets it, else like any other memory.
class lease_send final : public whole_socket_transfer, zero_copy_sender {
public:
    lease_send(shard& here, target& on, const lease& pages, std::size_t* moved,
               std::size_t least) noexcept
        : whole_socket_transfer(here, direction::writing, on, pages.areas(), moved),
          pages_(pages),
          least_(least) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        auto* first = make();
        if (first == nullptr) [[likely]] {
            whole_socket_transfer::await_suspend(waiter);
            return;
        }
        auto& flow = *waiter.promise().on_strand();
        count_in();
        here().completions().start_parked(*this, waiter, flow);
        if (flow.stop_requested) {
            first->orphan();
        } else {
            go_on_with(first);
        }
    }

private:
    zero_copy_send* make() noexcept;
    void go_on_with(zero_copy_send* one) noexcept;
    void answered(std::int32_t outcome) noexcept override;
    void stopped_parked() noexcept override;

    const lease& pages_;
    std::size_t least_;
    zero_copy_send* sending_ = nullptr;
};

}  // namespace pelton
