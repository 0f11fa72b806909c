// The ring face of the seam: how a ring is made, entered and registered with.
//
// Everything above talks to io_uring through this and through the shared memory that liburing's
// `struct io_uring` describes, so a stand-in can serve the same SQEs. Results are the kernel's:
// zero or a count, or a negated errno. Choosing an implementation costs one indirect call for each
// enter, none for an operation.
#pragma once

#include <liburing.h>

#include <atomic>
#include <cstddef>

namespace pelton {

class ring_face {
public:
    ring_face() = default;
    ring_face(const ring_face&) = delete;
    ring_face& operator=(const ring_face&) = delete;
    virtual ~ring_face() = default;

    // io_uring_setup(2) and the mapping of the queues. On success `ring` describes them and
    // `params` says what the kernel granted; on failure neither owns anything.
    virtual int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept = 0;

    // io_uring_enter(2). With `abi::enter_registered_ring` in `flags`, `ring.enter_ring_fd` is the
    // index of the registered ring.
    virtual int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags,
                      void* argument, std::size_t argument_bytes) noexcept = 0;

    // io_uring_register(2).
    virtual int register_with(io_uring& ring, unsigned opcode, void* argument,
                              unsigned count) noexcept = 0;

    // Unmaps the queues and closes the ring. Waits for nothing: what is in flight stays so.
    virtual void tear_down(io_uring& ring) noexcept = 0;

    // How often this process has been forked from: a ring notes it when it is made and refuses to
    // be entered by a child. Asked for once, since it is read for each enter; it lives as long as
    // the process and may be read on any thread.
    virtual const std::atomic<unsigned>& forks() const noexcept = 0;
};

// The kernel this program runs on. Lives as long as the process.
ring_face& linux_ring() noexcept;

}  // namespace pelton
