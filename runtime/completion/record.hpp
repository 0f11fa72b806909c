// What an operation leaves in user space while the kernel works on it.
//
// Its address, with a tag in the four low bits, is the SQE's user_data. It lives in the awaiter, in
// the coroutine's frame; the loop links records and allocates nothing.
//
//     idle --submit--> in flight --last CQE, and that of any cancel--> done
//        \                 |  ^
//         \                +--+  a hook resubmits the rest of a transfer
//          \--no room--> queued (as an operation, without an SQE)
//
// Invariants
//   (1) A record that is queued or in flight neither moves nor dies: its destructor aborts.
//   (2) It is done only when its last CQE has come and that of every cancel aimed at it, so the
//       kernel names no address that has a new owner.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/task/strand.hpp>

#include <cstdint>

namespace pelton {

class loop;

// What the low bits of user_data say about a CQE.
enum class cqe_tag : std::uint8_t {
    operation = 0,    // the record's own; its waiter is made ready
    hooked = 1,       // the record's own; its hook decides
    cancel = 2,       // that of a cancel aimed at the record
    reserved = 3,     // the record's own, in the CQ place kept for a doorbell
    unawaited = 4,    // the record's own; no coroutine waits, finished() is called
    flagged = 5,      // the record's own, whose flags matter: arrived(), then finished()
    lasting = 6,      // the same, and others may follow it (lasting_record.hpp)
    bell = 7,         // another ring rang: a peer_bell's address, as in what follows
    bell_failed = 8,  // this ring could not ring another
};
inline constexpr std::uint64_t tag_mask = 15;

class alignas(16) record : public leaf, private resumable {
public:
    enum class state : std::uint8_t { idle, done, queued, in_flight };

    record() noexcept = default;
    record(const record&) = delete;
    record& operator=(const record&) = delete;

    state now() const noexcept { return state_; }
    std::int32_t outcome() const noexcept { return outcome_; }

    // leaf: asks the loop to cancel. The operation still waits for its own CQE.
    void request_stop() noexcept final;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

protected:
    ~record() {
        check(state_ <= state::done,
              "an operation was destroyed while the kernel may still use its memory; await it, or "
              "let the scope that owns its task end first");
    }

    // Fills the SQE for this operation. False when the ring's scratch space does not suffice now:
    // the record then waits for the next enter.
    virtual bool prepare(io_uring_sqe& sqe, ring& queues) noexcept = 0;

    // For hooked records: what the CQE means. True when the record is done with this outcome, which
    // the hook may replace; false when it must be submitted again. Runs inside the CQ loop, so it
    // calls no user code.
    virtual bool completed(std::int32_t& outcome) noexcept {
        static_cast<void>(outcome);
        return true;
    }

    // For flagged and lasting records: one CQE, as it comes; finished() follows the last. Runs
    // inside the CQ loop, so it calls no user code.
    virtual void arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
        static_cast<void>(outcome);
        static_cast<void>(flags);
    }

    // For a record that the loop does not resume: it is done, and may be started again here.
    virtual void finished() noexcept {}

    // A stop request while neither the loop nor the kernel has it: see start_parked().
    virtual void stopped_parked() noexcept {}

    // What dump() calls it: a literal.
    virtual const char* name() const noexcept = 0;

    void set_hooked() noexcept { tag_ = cqe_tag::hooked; }
    void set_flagged() noexcept { tag_ = cqe_tag::flagged; }

    // For a flagged record, from its finished() on: has the loop resume its waiter. What the waiter
    // gets may differ from the last CQE's outcome.
    void wake(std::int32_t outcome) noexcept;
    // The same, instead: its flow goes on waiting here, though the loop has no more to do with it.
    void park() noexcept;
    // The flow that waits here.
    strand& flow() const noexcept { return *flow_; }

    // Whether the flow that waits here was asked to stop.
    bool stopping() const noexcept { return flow_->stop_requested; }

private:
    friend class loop;

    std::uint64_t user_data(cqe_tag tag) const noexcept {
        return reinterpret_cast<std::uint64_t>(this) | static_cast<std::uint64_t>(tag);
    }

    // What is not initialised here is set when the record starts: the compiler need not clear it
    // for every operation.

    // resumable: the waiter's handle; `next` links the ready, room and cancel queues
    strand* flow_;  // the waiter's; the loop's own for records without a waiter
    loop* owner_;
    record* linked_;          // the next member of its chain, while queued
    std::int32_t outcome_;    // the CQE's res
    std::uint32_t since_ms_;  // loop time at its start
    std::uint32_t cancel_due_ms_;
    state state_ = state::idle;
    cqe_tag tag_ = cqe_tag::operation;
    std::uint8_t cancel_tries_ = 0;
    std::uint8_t marks_ = 0;

    // A CQE of a record with a mark takes the slow way.
    static constexpr std::uint8_t ended = 1;             // its last CQE came, a cancel's has not
    static constexpr std::uint8_t cancel_queued = 2;     // a cancel waits to be sent
    static constexpr std::uint8_t cancel_in_flight = 4;  // a cancel's CQE is owed
    static constexpr std::uint8_t stopped_queued = 8;    // queued for room, and not to be started
};

// Every pending operation costs this much of its frame; change it knowingly.
static_assert(sizeof(record) <= 64);

}  // namespace pelton
