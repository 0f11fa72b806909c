// Sending pages without a copy: the kernel reads them until the peer has acknowledged them.
//
// The answer, how many bytes were taken, comes first, and with it the sender goes on; the kernel's
// notification that it reads the pages no more comes later. Until then the record holds leases on
// them. An error comes with both, too, so that only F_MORE tells what is still owed.
//
//   one area, registered        SEND_ZC of the registered buffer (Linux 6.0)
//   one area                    SEND_ZC
//   several, in one arena       SENDMSG_ZC of the registered buffer (Linux 6.15)
//   several                     SENDMSG_ZC (Linux 6.1)
//
// Over loopback the kernel copies all the same.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/buffers/lease_list.hpp>
#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>

#include <sys/socket.h>

#include <array>
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

// One SEND_ZC or SENDMSG_ZC. It ends its own life with the last CQE.
class zero_copy_send final : public lasting_record {
public:
    // So many leases can be held.
    static constexpr std::size_t leases_max = lease_list::inline_count;

    // `part`, whose array must live until answered(), lies in the leases that are given to hold().
    zero_copy_send(shard& here, int descriptor, const areas& part) noexcept;

    // The pages of `pages`, until the kernel reads them no more.
    void hold(lease pages) noexcept { held_[count_++] = std::move(pages); }

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

    int fill_one(io_uring_sqe& sqe, const ring& queues) noexcept;
    int fill_message(io_uring_sqe& sqe, const ring& queues, const lowered& entries) noexcept;

    shard& home_;
    zero_copy_sender* by_ = nullptr;
    areas part_;
    msghdr header_;  // filled when there are several areas
    int descriptor_;
    std::uint32_t count_ = 0;
    std::array<lease, leases_max> held_;
};

// Sends all that a lease shows, or several: without a copy where the kernel can, the socket lets
// it and enough goes by one operation, else like any other memory.
class lease_send final : public whole_socket_transfer, zero_copy_sender {
public:
    // `least` bytes are enough.
    lease_send(shard& here, target& on, const lease& pages, std::size_t* moved,
               std::size_t least) noexcept
        : whole_socket_transfer(here, direction::writing, on, pages.areas(), moved),
          one_(&pages),
          least_(least) {}
    lease_send(shard& here, target& on, const lease_list& pages, std::size_t* moved,
               std::size_t least) noexcept
        : whole_socket_transfer(here, direction::writing, on, pages.areas(), moved),
          several_(&pages),
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
    const lease& at(std::size_t index) const noexcept {
        return one_ != nullptr ? *one_ : (*several_)[index];
    }
    std::size_t count() const noexcept { return one_ != nullptr ? 1 : several_->count(); }

    zero_copy_send* make() noexcept;
    void go_on_with(zero_copy_send* one) noexcept;
    void pass(std::size_t part) noexcept;
    void answered(std::int32_t outcome) noexcept override;
    void stopped_parked() noexcept override;

    const lease* one_ = nullptr;
    const lease_list* several_ = nullptr;
    std::size_t least_;
    std::size_t next_ = 0;     // the first lease that is not sent in full
    std::size_t skipped_ = 0;  // bytes of it that are
    zero_copy_send* sending_ = nullptr;
};

}  // namespace pelton
