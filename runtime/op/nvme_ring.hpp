// The ring that an nvme_queue sends its commands by, and the wait for one of them.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/completion/record.hpp>
#include <pelton/runtime/op/nvme_command.hpp>
#include <pelton/runtime/ring/command_ring.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/semaphore.hpp>
#include <pelton/runtime/task/strand.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>

namespace pelton {

class nvme_ring;

// A command in the ring, in the frame of whoever waits for it. Awaited twice: until it and those of
// all who are ready too lie in the SQ, and, after nvme_ring::submit(), until its CQE came.
class nvme_pending final : public leaf {
public:
    // `may_be_registered`: says so to the kernel when the memory is a registered buffer.
    nvme_pending(nvme_ring& by, int descriptor, const nvme_request& what,
                 bool may_be_registered) noexcept;
    nvme_pending(const nvme_pending&) = delete;
    nvme_pending& operator=(const nvme_pending&) = delete;
    ~nvme_pending() {
        check(!in_ring_, "an NVMe command was destroyed while the device may use its memory");
    }

    // False, with nothing begun, for a task that was asked to stop.
    class in_queue {
    public:
        explicit in_queue(nvme_pending& one) noexcept : one_(one) {}
        bool await_ready() const noexcept { return false; }
        template <stranded Promise>
        void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
            one_.enqueue(waiter, *waiter.promise().on_strand());
        }
        bool await_resume() const noexcept { return !one_.stopped_; }

    private:
        nvme_pending& one_;
    };
    // Yields the CQE's result.
    class end {
    public:
        explicit end(nvme_pending& one) noexcept : one_(one) {}
        bool await_ready() const noexcept { return !one_.in_ring_; }
        template <stranded Promise>
        void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
            one_.waiter_.handle = waiter;
            one_.awaited_ = true;
            one_.flow_->waiting_in = &one_;
        }
        std::int32_t await_resume() const noexcept { return one_.result_; }

    private:
        nvme_pending& one_;
    };

    bool is_registered() const noexcept { return registered_; }

    void prepare(command_sqe& sqe) const noexcept;
    void completed(std::int32_t result) noexcept;

    // Nothing ends a command but the device.
    void request_stop() noexcept override {}
    std::size_t describe(char* into, std::size_t room) const noexcept override;

private:
    void enqueue(std::coroutine_handle<> waiter, strand& flow) noexcept;

    nvme_ring& by_;
    int descriptor_;
    const nvme_request& what_;
    resumable waiter_;
    strand* flow_ = nullptr;
    std::int32_t result_ = 0;
    std::uint32_t since_ms_ = 0;
    bool registered_;
    bool stopped_ = false;
    bool in_ring_ = false;
    bool awaited_ = false;
};

// The ring, and as a record of the shard's loop the poll of it. Invariant: the poll is under way
// exactly while commands are pending, and CQEs are taken only when it told of them, so it always
// ends and none is asked for in vain.
class nvme_ring final : record {
public:
    nvme_ring(shard& of, const ring_options& with)
        : here(of),
          queues(of.ring_kernel(), with),
          places(queues.sq_entries()),
          takes_registered(of.known().has(feature::nvme_registered)) {}

    void add(nvme_pending& one) noexcept;
    // Submits what lies in the SQ; true when the kernel took it all.
    bool submit() noexcept;

    shard& here;
    command_ring queues;
    semaphore places;  // in the SQ; one for each command, until its CQE came
    // Until a command of registered memory was refused that succeeded without.
    bool takes_registered;

private:
    void watch() noexcept;

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override;
    void finished() noexcept override;
    const char* name() const noexcept override { return "poll of an NVMe queue"; }

    std::uint32_t pending_ = 0;  // commands whose CQE did not come
    bool watching_ = false;
};

}  // namespace pelton
