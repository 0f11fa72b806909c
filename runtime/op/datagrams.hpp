// The datagrams that a multishot recvmsg (Linux 6.0) brings, in order, until somebody takes them.
//
// The kernel lays each into a run of pages of its own, behind a head that has the sender's address
// and the control data (struct io_uring_recvmsg_out). The runs are a group of provided buffers of
// this record's: the shard's are consumed piece by piece where the kernel can, so that a datagram
// would be cut by what an earlier one left.
//
// Invariants
//   (1) What the kernel took from the socket while the door is open is here until it is taken.
//   (2) It does not start by itself after an error: whoever hears of it decides when.
//   (3) While the kernel may have it the descriptor stays open: an orphan closes it at its end.
//
// Thread: the shard's.
#pragma once

#include <pelton/buffers/lease.hpp>
#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/op/arrival_source.hpp>
#include <pelton/runtime/op/arrival_wait.hpp>
#include <pelton/runtime/op/lease_queue.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/receive_buffers.hpp>
#include <pelton/runtime/task/strand.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace pelton {

class shard;

// One message as it arrived.
struct raw_datagram {
    raw_datagram() noexcept = default;

    lease payload;               // shows what there was room for
    std::size_t sent_bytes = 0;  // how long it was; more than payload shows when it was cut
    sockaddr_storage from{};
    socklen_t from_bytes = 0;
    msghdr control{};  // nothing but its control data, in the payload's pages
};

class datagrams final : public lasting_record, public arrival_source, page_request {
public:
    // In front of each payload.
    static constexpr std::size_t head_bytes = 16 + 32 + 64;

    datagrams(shard& here, int descriptor) noexcept;
    ~datagrams() override;

    // Receive, into runs of `run_pages` pages, until `ahead_max` of them lie here, an error, or
    // close_door(). False when the kernel has no buffers for it.
    bool open_door(std::size_t run_pages, std::size_t ahead_max) noexcept;
    // Receive no more, and let go of what is here.
    void close_door() noexcept;

    bool empty() const noexcept { return unread_.empty() && failure_ == 0; }
    bool refused() const noexcept { return refused_; }
    // The oldest, or the error behind the last of them, once. Not when empty().
    result<lease> take() noexcept;

    // The socket is gone, and its descriptor, if one is given, with it.
    void abandon(int descriptor) noexcept;

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void arrived(std::int32_t outcome, std::uint32_t flags) noexcept override;
    void ended() noexcept override;
    void pages_came(lease) noexcept override;
    const char* name() const noexcept override { return "multishot receive of messages"; }

    void keep(lease message) noexcept;
    bool have_buffers() noexcept;
    void go_on() noexcept;
    void tell() noexcept;

    shard& home_;
    std::unique_ptr<receive_buffers> buffers_;
    lease_queue unread_;
    std::size_t run_pages_ = 1;
    std::size_t ahead_max_ = 1;
    int descriptor_;
    int failure_ = 0;       // a negated errno that nobody has heard of
    bool refused_ = false;  // there are no buffers for it
    bool door_ = false;
    bool parked_ = false;  // waits for pages
    bool ending_ = false;  // was asked to end
    bool stale_ = false;   // the door was closed meanwhile: other buffers the next time
    bool owns_descriptor_ = false;
};

// What the kernel laid into `message`, taken apart.
raw_datagram take_apart(lease message) noexcept;

// Yields the next message as the kernel laid it, or an error of recvmsg(2). ECANCELED when the task
// was asked to stop, EINTR when it must ask again.
class [[nodiscard]] next_message final : public arrival_wait {
public:
    explicit next_message(datagrams& from) noexcept
        : arrival_wait(from, "a datagram"), from_(from) {}

    bool await_ready() const noexcept { return !from_.empty() || from_.refused(); }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        wait(waiter, *waiter.promise().on_strand());
    }
    result<lease> await_resume() noexcept;

private:
    datagrams& from_;
};

}  // namespace pelton
