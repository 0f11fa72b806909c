// One thread's runtime: a ring, its loop, timers, pages, and the way to threads for blocking calls.
//
// Everything a task does goes through the shard it was started on; a task never changes shard.
//
// Thread: the one that made it, except where it says otherwise.
#pragma once

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/pulse.hpp>
#include <pelton/runtime/completion/slab.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/shard/doorbell.hpp>
#include <pelton/runtime/shard/gate.hpp>
#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/shard/page_source.hpp>
#include <pelton/runtime/shard/receive_buffers.hpp>
#include <pelton/runtime/shard/timers.hpp>
#include <pelton/runtime/shard/turn_pace.hpp>
#include <pelton/runtime/task/flow.hpp>
#include <pelton/runtime/task/scheduler.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace pelton {

struct shard_options {
    ring_options ring;

    // The arena behind pages(). Mapped and registered when pages() is first called.
    std::size_t page_bytes = std::size_t{16} << 20;

    // Of these pages, so many lie ready for whatever is received: 0 is an eighth of them, at most 4
    // MiB. Prepared when a stream first receives without areas of its own.
    std::size_t receive_pages = 0;

    // Multishot operations and zero-copy sends at once, 512 bytes each. Further ones fall back to
    // operations that end with their answer.
    unsigned lasting_records = 1024;

    // Threads for offload(), at most.
    unsigned blocking_threads_max = 4;

    // After so many resumptions the loop asks the kernel for completions, though more is ready. At
    // least 1.
    unsigned resumes_per_turn = 256;

    // How many calls from one other shard, and how many posts, may lie in the mailbox. on() waits
    // for a place, post() answers EAGAIN. At least 1.
    std::uint32_t mailbox_places = 1024;

    // How long the end of a shard waits for operations in flight, in nanoseconds.
    std::uint64_t drain_ns = 5'000'000'000;

    // One sentence about a degraded start. Default: a line on standard error. Of several shards
    // each has a copy of both hooks and calls it on its own thread; but that a task computes too
    // long is told to `notice` by the thread that watches, while the shard runs. One that throws
    // there ends the process.
    std::function<void(std::string_view)> notice;

    // An error nobody can be told by return value, such as a close(2) that failed in a destructor.
    // Default: a line on standard error.
    std::function<void(std::error_code, std::string_view)> error;

    // The seam.
    ring_face* ring_kernel = &linux_ring();
    calls_face* calls = &linux_calls();
};

struct shard_counters {
    std::uint64_t turns = 0;
    std::uint64_t offloads = 0;
    std::uint64_t fixed_transfers = 0;  // operations on registered pages
    std::uint64_t plain_transfers = 0;  // the others
    std::uint64_t short_transfers = 0;
    std::uint64_t calls = 0;          // to other shards, by on()
    std::uint64_t mailbox_waits = 0;  // of those, had to wait for a place
    std::uint64_t bells = 0;          // MSG_RINGs to sleeping shards
};

class lane;
class stall_watch;
class team;

class shard final : public scheduler {
public:
    // Reads PELTON_MASK from the environment, in addition to options.ring.masked. Throws
    // std::system_error with one sentence: what failed, why, and the remedy.
    // Of several shards the first alone says that queues are smaller than asked for.
    explicit shard(shard_options options, unsigned number = 0);
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    // Joins the blocking threads, cancels what is in flight and waits for it. What the kernel still
    // holds after options.drain_ns is leaked, and said.
    ~shard();

    // Runs until `done`, which a task sets. Ends the process with a sentence when every task waits
    // and nothing is left that could wake one.
    void run_until(const bool& done);

    // The pool of registered pages, made on first use; throws std::system_error when it cannot be.
    page_source& pages();

    // The pages that lie ready for receiving, or null when this kernel cannot pick from them.
    receive_buffers* received();
    // The number of a further group of such pages, for who needs one of its own.
    std::uint16_t next_buffer_group() noexcept {
        constexpr std::uint16_t last = UINT16_MAX - 1;  // the next is for probing
        buffer_group_ = buffer_group_ == last ? receive_buffers::group : buffer_group_;
        return ++buffer_group_;
    }
    // Of the shards that run() made: this one's number, how many there are, and each of them. The
    // others are named in on() and post(); nothing else of them is this thread's to touch.
    unsigned number() const noexcept { return number_; }
    unsigned shards() const noexcept;
    shard& peer(unsigned number);

    // Where other threads post() to; may outlive the shard. Asked for on the shard's thread, or, of
    // a peer, on any shard's. Throws std::system_error when there is no descriptor for a doorbell.
    shard_address address();

    // The shard that the calling thread runs, or null.
    static shard* of_this_thread() noexcept;

    loop& completions() noexcept { return completions_; }
    ring& queues() noexcept { return queues_; }
    slab& lasting() noexcept { return lasting_; }
    calls_face& calls() noexcept { return *options_.calls; }
    ring_face& ring_kernel() noexcept { return *options_.ring_kernel; }
    timers& clock() noexcept { return timers_; }
    // Arms `one` for a deadline so long from now. It never fires early. From turn_pace::far_ns on
    // it may fire late by a tick of the coarse clock, if the loop is busy.
    void arm_deadline(timer& one, std::uint64_t length_ns) {
        if (length_ns >= turn_pace::far_ns) {
            timers_.arm_loosely(one, length_ns);
        } else {
            timers_.arm(one, calls().now_ns() + length_ns);
        }
    }
    const capabilities& known() const noexcept { return queues_.known(); }

    // Gives `job` to a blocking thread. When none can be started it runs here and now: slower, but
    // never lost. The job must live until its finished() was called.
    void submit(blocking_job& job) noexcept;

    // Delivers `one` on the shard's thread, soon. Callable from any thread once open_door() was.
    void post(message& one) noexcept;
    // Between these two a message from outside may still wake a task, so that a shard on which
    // every task waits is not stuck.
    void message_expected() noexcept { ++jobs_out_; }
    void message_not_expected() noexcept { --jobs_out_; }
    // Wakes it by the doorbell, which needs no ring. Callable from any thread.
    void ring_door() noexcept { door_->ring(); }
    // From this shard to a peer.
    lane& lane_to(const shard& other) noexcept;

    // Tasks that came from other threads, on strands of their own.
    flow_group& guests() noexcept { return guests_; }
    // Refuses posts from now on, asks the guests to stop, and runs until those that were posted
    // have ended; after that only the guests of peers that do the same are left.
    void retire();
    // Makes post() possible. Idempotent; throws std::system_error when there is no descriptor.
    void open_door();

    void notice(std::string_view sentence);
    void report(std::error_code error, std::string_view what) noexcept;
    // The same for an exception, whose own words follow `what`.
    void report_thrown(const std::exception_ptr& thrown, std::string_view what) noexcept;

    // Every strand and what it waits in, for how long; then the counters.
    std::string dump() const;

    shard_counters& counters() noexcept { return counters_; }
    const shard_counters& counters() const noexcept { return counters_; }

    // scheduler
    void make_ready(resumable& who) noexcept override { completions_.make_ready(who); }
    void strand_started(strand& flow) noexcept override;
    void strand_ended(strand& flow) noexcept override;

private:
    friend class team;
    friend class stall_watch;

    void say_if_smaller();
    void take_turn();
    void take_open_turn();
    std::uint64_t set_loop_time() noexcept;
    bool turns_fast(std::uint64_t coarse_ns) noexcept;
    void enter_untimed(bool may_sleep, bool fast);
    void enter_timed(bool may_sleep);
    void run_watched_until(const bool& done);
    bool fall_asleep() noexcept;
    void wake_up() noexcept;
    std::optional<std::uint64_t> sleep_limit_ns(std::uint64_t now_ns) const noexcept;
    bool expects_completions() const noexcept;
    void refuse_deadlock();
    bool may_be_posted_to() noexcept;
    bool may_get_pages() noexcept;
    bool awaits_lent_pages() const noexcept;
    unsigned threads() const noexcept;
    std::string tasks() const;
    // Leaves nothing in the kernel, or says what it leaks; only the pages are then still to go.
    void settle() noexcept;
    bool leave_kernel() noexcept;
    void leak_pages() noexcept;

    shard_options options_;
    ring queues_;
    slab lasting_;
    loop completions_;
    timers timers_;
    turn_pace pace_;
    mailbox box_;
    std::unique_ptr<doorbell> door_;
    std::unique_ptr<page_source> pages_;
    std::unique_ptr<receive_buffers> received_;
    std::uint16_t buffer_group_ = receive_buffers::group;
    std::unique_ptr<blocking_threads> threads_;
    std::uint64_t jobs_out_ = 0;  // messages that are to come, from threads and others
    strand* strands_ = nullptr;
    shard_counters counters_;

    // Among others
    team* team_ = nullptr;
    unsigned number_;
    strand outside_;  // stands for whoever sent a guest
    flow_group guests_{outside_};
    std::shared_ptr<gate> gate_;  // made by the first address()
    pulse pulse_;
    stall_watch* watch_ = nullptr;
    bool settled_ = false;
    bool leaked_ = false;
    bool rests_ = false;        // it sleeps, and only a message could wake it
    bool has_company_ = false;  // threads that are not ours were seen
    std::thread::id thread_ = std::this_thread::get_id();

    // Any thread: whether a message must ring
    alignas(64) std::atomic<bool> asleep_{false};

    template <class F>
    friend class offload_awaiter;
};

}  // namespace pelton
