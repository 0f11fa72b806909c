#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace pelton {
namespace {

std::atomic<unsigned> fork_count{0};

// The rings of this process. A forked child does not have their memory (MADV_DONTFORK): it gets
// empty pages in its place, so that it lives until it enters a ring, where its mistake has a name.
std::mutex rings_guard;
std::vector<const io_uring*> rings;

void cover(void* start, std::size_t bytes) noexcept {
    static_cast<void>(mmap(start, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}

void before_fork() noexcept {
    rings_guard.lock();
}
void after_fork_in_parent() noexcept {
    rings_guard.unlock();
}
void after_fork_in_child() noexcept {
    for (const auto* each : rings) {
        cover(each->sq.ring_ptr, each->sq.ring_sz);
        if (each->cq.ring_ptr != each->sq.ring_ptr) {
            cover(each->cq.ring_ptr, each->cq.ring_sz);
        }
        const std::size_t sqe_bytes = (each->flags & abi::setup_sqe128) != 0 ? 128 : 64;
        cover(each->sq.sqes, each->sq.ring_entries * sqe_bytes);
    }
    rings_guard.unlock();
    fork_count.fetch_add(1, std::memory_order_relaxed);
}

// liburing is C and throws nothing, which not every release's header says. Where it is known, the
// call is the last thing that enter() does: a jump, and one return less that the processor does not
// foresee (ring/enter.hpp).
using enter_call = int (*)(unsigned, unsigned, unsigned, unsigned, sigset_t*, std::size_t) noexcept;

class linux_ring_face final : public ring_face {
public:
    linux_ring_face() noexcept {
        // Refusing use after fork is a courtesy; without the handlers the child dies of SIGSEGV.
        static_cast<void>(pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child));
    }

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        const int descriptor = io_uring_setup(entries, &params);
        if (descriptor < 0) {
            return descriptor;
        }
        std::memset(&ring, 0, sizeof(ring));
        if (const int mapped = io_uring_queue_mmap(descriptor, &params, &ring); mapped < 0) {
            close(descriptor);
            return mapped;
        }
        ring.features = params.features;
        ring.flags = params.flags;
        ring.enter_ring_fd = ring.ring_fd = descriptor;
        if (const int hidden = io_uring_ring_dontfork(&ring); hidden < 0) {
            tear_down(ring);
            return hidden;
        }
        try {
            const std::lock_guard lock(rings_guard);
            rings.push_back(&ring);
        } catch (const std::bad_alloc&) {
            tear_down(ring);
            return -ENOMEM;
        }
        return 0;
    }

    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int descriptor =
            (flags & abi::enter_registered_ring) != 0 ? ring.enter_ring_fd : ring.ring_fd;
        return reinterpret_cast<enter_call>(io_uring_enter2)(
            static_cast<unsigned>(descriptor), to_submit, wait_for, flags,
            static_cast<sigset_t*>(argument), argument_bytes);
    }

    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return io_uring_register(static_cast<unsigned>(ring.ring_fd), opcode, argument, count);
    }

    void tear_down(io_uring& ring) noexcept override {
        {
            const std::lock_guard lock(rings_guard);
            std::erase(rings, &ring);
        }
        io_uring_queue_exit(&ring);
    }

    const std::atomic<unsigned>& forks() const noexcept override { return fork_count; }
};

}  // namespace

ring_face& linux_ring() noexcept {
    static linux_ring_face face;
    return face;
}

}  // namespace pelton
