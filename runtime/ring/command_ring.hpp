// A ring for commands that a driver takes by IORING_OP_URING_CMD: its SQEs have room for a command
// of 80 bytes, so they are twice as long as other rings', and so are its CQEs (IORING_SETUP_SQE128
// and _CQE32, Linux 5.19). The loop's own ring has the short ones, which are faster.
//
// Its descriptor is for polling: a CQE appears when its command has ended, whoever is entered then,
// once the thread that made the ring comes through the kernel or sleeps there.
//
// Thread: the one that made it. A forked child that enters it ends with a sentence.
#pragma once

#include <pelton/buffers/area.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/ring/registry.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace pelton {

struct command_sqe {
    // All but the command, which begins where it ends: the 16 bytes after it hold addr3 elsewhere.
    static constexpr std::size_t head_bytes = 48;

    io_uring_sqe head;
    std::array<std::byte, 64> more;

    // At most 80 bytes.
    template <class Command>
    void set_command(const Command& words) noexcept {
        static_assert(sizeof(words) <= sizeof(command_sqe) - head_bytes);
        std::memcpy(reinterpret_cast<std::byte*>(this) + head_bytes, &words, sizeof(words));
    }
};
static_assert(sizeof(command_sqe) == 128);

struct command_cqe {
    std::uint64_t user_data;
    std::int32_t result;
    std::uint32_t flags;
    std::array<std::uint64_t, 2> more;
};
static_assert(sizeof(command_cqe) == 32);

class command_ring {
public:
    // Throws std::system_error, with EINVAL where the kernel has no such rings. Of `options` the
    // sizes and the mask count.
    command_ring(ring_face& kernel, const ring_options& options);
    command_ring(const command_ring&) = delete;
    command_ring& operator=(const command_ring&) = delete;

    // Closes the ring. Waits for nothing: whoever owns commands waits for them first.
    ~command_ring();

    // The next free SQE, zeroed, or null when the SQ is full. Not submitted until commit().
    command_sqe* peek() noexcept;
    void commit() noexcept { ++sq_tail_; }
    // Committed, and not yet taken by the kernel.
    unsigned offered() const noexcept {
        return sq_tail_ - __atomic_load_n(queues_.sq.khead, __ATOMIC_ACQUIRE);
    }

    // Publishes the SQ tail and submits what is there; has the kernel hand over what completed, if
    // `may_complete`. Never waits. What EINTR, EAGAIN, EBUSY or a short submission leave in the SQ
    // is for the next call; anything else means a broken ring and is fatal.
    void enter(bool may_complete) noexcept;

    // Hands each CQE to `take(user_data, result)` and frees them together.
    template <class Take>
    void reap(Take&& take) noexcept {
        const unsigned tail = __atomic_load_n(queues_.cq.ktail, __ATOMIC_ACQUIRE);
        for (unsigned at = *queues_.cq.khead; at != tail; ++at) {
            const auto& cqe = cqes_[at & cq_mask_];
            take(cqe.user_data, cqe.result);
        }
        __atomic_store_n(queues_.cq.khead, tail, __ATOMIC_RELEASE);
    }

    // Makes [start, start + bytes) its registered buffer, number 0. ENOMEM when RLIMIT_MEMLOCK does
    // not allow it. At most once.
    result<void> register_range(std::byte* start, std::size_t bytes) noexcept;
    bool is_registered(const void* address, std::size_t length) const noexcept {
        return registered_.holds(address, length);
    }

    unsigned sq_entries() const noexcept { return sq_entries_; }
    // Readable, for poll(2), when something completed.
    int descriptor() const noexcept { return queues_.ring_fd; }
    std::uint64_t enters() const noexcept { return enters_; }

private:
    // The kernel, asked for long entries.
    class long_entries final : public ring_face {
    public:
        explicit long_entries(ring_face& kernel) noexcept : kernel_(kernel) {}
        int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override;
        int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags,
                  void* argument, std::size_t argument_bytes) noexcept override;
        int register_with(io_uring& ring, unsigned opcode, void* argument,
                          unsigned count) noexcept override;
        void tear_down(io_uring& ring) noexcept override;
        const std::atomic<unsigned>& forks() const noexcept override;

    private:
        ring_face& kernel_;
    };

    long_entries kernel_;
    io_uring queues_{};
    unsigned fork_count_ = 0;
    unsigned sq_entries_ = 0;
    unsigned sq_mask_ = 0;
    unsigned cq_mask_ = 0;
    command_sqe* sqes_ = nullptr;
    command_cqe* cqes_ = nullptr;

    unsigned sq_tail_ = 0;
    registered_range registered_;
    std::uint64_t enters_ = 0;
};

}  // namespace pelton
