// The completion layer: submit, wait, reap, resume.
//
// Invariants
//   (1) Only resume_ready() resumes. CQEs are collected first and tasks run afterwards, so user
//       code never runs while the CQ is drained, nor inside a cancel or a lease coming home.
//   (2) Completions owed by the kernel never exceed the CQ: each single-shot operation and each
//       cancel takes one place; one is kept for the doorbell and one for a cancel. What finds no
//       room queues as an operation, in order, and is admitted when room comes. Operations whose
//       end a peer decides stand outside: a thousand receives that wait for their peers may not
//       keep the send waiting that one of those peers waits for. When more of them end at once
//       than the CQ holds, the kernel keeps the rest for the next enter (NODROP). A lasting record
//       counts for its last CQE, whose room it brings along; those before it stand outside: the
//       kernel ends a multishot that finds the CQ full, and it is started again.
//   (3) A chain is admitted whole or queued whole; one longer than the SQ is refused.
//   (4) The loop never sleeps while something can run, and submits and waits in one enter.
//
// Thread: the ring's.
#pragma once

#include <pelton/runtime/completion/chain.hpp>
#include <pelton/runtime/completion/peer_bell.hpp>
#include <pelton/runtime/completion/pulse.hpp>
#include <pelton/runtime/completion/queue.hpp>
#include <pelton/runtime/completion/record.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/task/scheduler.hpp>
#include <pelton/runtime/task/trampoline.hpp>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace pelton {

struct loop_counters {
    std::uint64_t room_waits = 0;      // operations queued for want of room
    std::uint64_t resumes = 0;         // waiters resumed
    std::uint64_t cancels = 0;         // cancel requests sent to the kernel
    std::uint64_t cancel_repeats = 0;  // of those, sent again after EALREADY
    std::uint64_t resubmits = 0;       // rests of short transfers
};

class lasting_record;

class loop {
public:
    explicit loop(ring& queues) noexcept : queues_(queues) { grant_room(); }
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
        check(in_flight() == 0 && waiting_.empty(),
              "a loop was destroyed with operations in flight or queued");
    }

    // Starts `one`: fills an SQE now if there is room, else queues it. `waiter` is resumed by a
    // later resume_ready(), also when the flow was asked to stop and nothing was submitted.
    template <class Operation>
    void start(Operation& one, std::coroutine_handle<> waiter, strand& flow) noexcept {
        record& base = one;
        // Read while the compiler still knows it: the stores below could alias it.
        const auto user_data = base.user_data(base.tag_);
        base.handle = waiter;
        base.flow_ = &flow;
        base.owner_ = this;
        base.since_ms_ = now_ms_;
        if (flow.stop_requested) [[unlikely]] {
            start_stopped(base);
            return;
        }
        flow.waiting_in = &base;
        auto* sqe = next_direct_;
        if (sqe != end_direct_) [[likely]] {
            std::memset(sqe, 0, sizeof(*sqe));
            if (one.Operation::prepare(*sqe, queues_)) [[likely]] {
                sqe->user_data = user_data;
                next_direct_ = sqe + 1;
                base.state_ = record::state::in_flight;
                return;
            }
        }
        start_slowly(base);
    }

    // The same for a record that no coroutine awaits: its finished() is called instead.
    void start_unawaited(record& one) noexcept;

    // The same for a lasting record: arrived() is called for each CQE, finished() after the last.
    // Callable from both of these, too.
    void start_lasting(lasting_record& one) noexcept;

    // For a flagged record that waits for something else than the kernel: nothing is submitted
    // until start_again(), which is also how it is started once more after its finished(). It ends
    // by wake(), which its stopped_parked() must see to.
    void start_parked(record& one, std::coroutine_handle<> waiter, strand& flow) noexcept;
    void start_again(record& one) noexcept;

    // Starts the members as one soft-linked chain: each runs after the one before it succeeded in
    // full. Each is told by its finished() hook. False, with nothing started, when the chain is
    // longer than the SQ or than the CQ's room, so that it could never be admitted.
    bool start_chain(std::span<record* const> members) noexcept;

    // The same for a chain that `waiter`, on `flow`, waits for: its members are started on the
    // chain's strand in between, in order, and it has at most chain_max() of them. Each ends with
    // its own outcome, and the waiter is resumed after the last.
    void gather(chain& one, strand& flow) noexcept;
    void start_gathered(chain& one, std::coroutine_handle<> waiter) noexcept;
    std::size_t chain_max() const noexcept;
    void cancel(chain& one) noexcept;

    // Asks the kernel to cancel `one`, or takes it from the room queue. The answer is the
    // operation's own outcome.
    void cancel(record& one) noexcept;

    // Around an operation whose end a peer decides: before it starts, and once it is resumed.
    void peer_wait_begins() noexcept { ++cqes_allowed_; }
    void peer_wait_ended() noexcept { --cqes_allowed_; }

    void make_ready(resumable& who) noexcept { ready_.push(who); }
    bool has_ready() const noexcept { return !ready_.empty(); }

    // Resumes what is ready, and what becomes ready meanwhile, until nothing is or `limit` have
    // run; those that were ready together run together.
    void resume_ready(unsigned limit) {
        resume_each(limit, [](const resumable&) noexcept {});
    }
    // The same, showing in `beat` which task runs.
    void resume_watched(unsigned limit, pulse& beat);

    // One enter: admits what waits for room, submits, waits for one completion if `may_sleep`, at
    // most `timeout_ns`, and collects what completed.
    void turn(bool may_sleep, const std::optional<std::uint64_t>& timeout_ns) noexcept;
    // The same in turn.hpp, for the shard.
    void turn_in_line(bool may_sleep, const std::optional<std::uint64_t>& timeout_ns) noexcept;

    // Whether cancels wait to be sent, and when the first of them is due, in milliseconds of loop
    // time: one that was answered EALREADY is sent again.
    bool has_cancels() const noexcept { return !cancels_.empty(); }
    std::optional<std::uint32_t> next_due_ms() const noexcept;

    // Cancels everything and waits, at most `limit_ns` by `clock()`, until nothing is in flight.
    // Neither closing a ring nor unregistering its buffers waits for what is in flight, so this
    // comes first. True when nothing is left.
    bool drain(std::uint64_t limit_ns, std::uint64_t (*clock)(void*), void* context) noexcept;

    // After drain() gave up: what is in flight is nobody's any more, and its memory is leaked.
    void abandon() noexcept { in_flight_ -= in_flight(); }

    // Loop time: a coarse clock that the owner sets once a turn, for ages and repeated cancels.
    void set_now_ms(std::uint32_t now_ms) noexcept { now_ms_ = now_ms; }
    std::uint32_t now_ms() const noexcept { return now_ms_; }

    // Starts a doorbell, in the CQ place kept for it: it must be heard when all other room is taken
    // by operations that wait for what it announces.
    void start_reserved(record& one) noexcept;

    // Keeps CQ places for the bells of `peers` other rings. Before anything is started.
    void keep_places_for(std::uint32_t peers) noexcept;
    // Rings `bell` on the ring `descriptor` with the next enter. False when the SQ is full now.
    bool ring_peer(int descriptor, peer_bell& bell) noexcept;

    // Records that the kernel has.
    std::uint32_t in_flight() const noexcept { return in_flight_ + direct_started(); }
    bool has_queued() const noexcept { return !waiting_.empty(); }
    const loop_counters& counters() const noexcept { return counters_; }
    ring& queues() noexcept { return queues_; }

private:
    friend class record;

    // A row of SQEs that operations fill without a look at the queues. A turn counts what was
    // started, and grants another row when this one has ended. The rest of a row stays good over
    // turns: what is owed and the rest together never exceed what is allowed, since whatever makes
    // less allowed was owed and has come. It is settled, which ends it, before and after anything
    // else fills SQEs: a row that outlived that would name SQEs which the kernel has already taken.
    std::uint32_t direct_started() const noexcept {
        return static_cast<std::uint32_t>(next_direct_ - first_direct_);
    }
    void count_started() noexcept {
        const auto started = direct_started();
        queues_.commit_sqes(started);
        in_flight_ += started;
        cqes_owed_ += started;
        first_direct_ = next_direct_;
    }
    template <class Before>
    [[gnu::always_inline]] void resume_each(unsigned limit, Before before) {
        std::uint64_t resumed = 0;
        while (!ready_.empty() && resumed < limit) {
            auto* next = ready_.take_all();
            do {
                auto& one = *next;
                next = one.next;  // the resumption may end its life
                ++resumed;
                before(one);
                trampoline::resume(one.handle);
            } while (next != nullptr);
        }
        counters_.resumes += resumed;
    }
    void settle_room() noexcept;
    void grant_room() noexcept;
    void start_slowly(record& one) noexcept;

    // CQ places that no operation takes: the doorbell's, and one for a cancel, without which
    // operations that fill the CQ could not be cancelled.
    static constexpr std::uint32_t cqes_kept = 2;

    std::uint32_t cq_room() const noexcept {
        return cqes_owed_ < cqes_allowed_ ? cqes_allowed_ - cqes_owed_ : 0;
    }
    bool room_for_cancel() const noexcept { return cqes_owed_ <= cqes_allowed_; }

    void commit(record& one, io_uring_sqe& sqe) noexcept;
    bool commit_reserved(record& one) noexcept;
    void queue(record& one) noexcept;
    void start_stopped(record& one) noexcept;
    void finish_unstarted(record& one, std::int32_t outcome) noexcept;
    bool submit_waiting() noexcept;
    bool admit() noexcept;
    bool admit_one(record& one) noexcept;
    bool prepare_chain(record& head) noexcept;
    static std::uint32_t length_of(const record& head) noexcept;
    void queue_chain(std::span<record* const> members) noexcept;
    chain* chain_of(const record& one) const noexcept;
    void member_ended(chain& of) noexcept;
    void cancel_running_member(chain& of) noexcept;
    void finish_queued_chain(record& head, std::int32_t outcome) noexcept;
    void finish_stopped() noexcept;
    void queue_cancel(record& one, std::uint32_t due_ms) noexcept;
    bool send_cancels() noexcept;
    void cancel_all_by_sqe() noexcept;
    void finish_queued() noexcept;
    void collect_marked(std::uint64_t user_data, std::int32_t outcome,
                        std::uint32_t flags) noexcept;
    bool collect_flagged(record& one, std::int32_t outcome, std::uint32_t flags) noexcept;
    void collect_last(record& one) noexcept;
    void collect_cancel(record* one, std::int32_t outcome) noexcept;
    void collect_bell(cqe_tag tag, std::uint64_t address) noexcept;
    void conclude(record& one) noexcept;
    void hand_over(record& one) noexcept;

    // Constant after construction
    ring& queues_;

    // Change with every operation
    queue_of_resumables ready_;
    queue_of_resumables waiting_;  // records and chains that found no room
    io_uring_sqe* next_direct_ = nullptr;
    io_uring_sqe* end_direct_ = nullptr;
    io_uring_sqe* first_direct_ = nullptr;
    std::uint32_t in_flight_ = 0;  // records the kernel has, less those started directly
    // Between two that change together: side by side g++ adds to both at once, and the processor
    // waits for halves that were written one by one.
    std::uint32_t cqes_allowed_ = queues_.cq_entries() - cqes_kept;
    std::uint32_t cqes_owed_ = 0;    // CQEs the kernel owes us, likewise, cancels included
    std::uint32_t peer_places_ = 0;  // kept for bells
    std::uint32_t now_ms_ = 0;
    loop_counters counters_;

    strand nobody_;                // stands for the waiter of a record without one
    bool has_stopped_ = false;     // among those that wait for room
    bool collecting_ = false;      // in the middle of a CQE: the SQ is not to be touched
    chain* gathering_ = nullptr;   // whose members are just being started
    record* unheard_ = nullptr;    // a doorbell for which the SQ had no room
    queue_of_resumables cancels_;  // records whose cancel is to be sent, now or when due
};

}  // namespace pelton
