#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace pelton {
namespace {

std::atomic<unsigned> forks{0};

void count_fork() noexcept { forks.fetch_add(1, std::memory_order_relaxed); }

class linux_ring_face final : public ring_face {
public:
    linux_ring_face() noexcept {
        // Refusing use after fork is a courtesy; without the handler the kernel's -EEXIST for
        // SINGLE_ISSUER rings still stands.
        static_cast<void>(pthread_atfork(nullptr, nullptr, count_fork));
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
        return 0;
    }

    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        const int descriptor =
            (flags & abi::enter_registered_ring) != 0 ? ring.enter_ring_fd : ring.ring_fd;
        return io_uring_enter2(static_cast<unsigned>(descriptor), to_submit, wait_for, flags,
                               static_cast<sigset_t*>(argument), argument_bytes);
    }

    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return io_uring_register(static_cast<unsigned>(ring.ring_fd), opcode, argument, count);
    }

    void tear_down(io_uring& ring) noexcept override { io_uring_queue_exit(&ring); }

    unsigned fork_count() const noexcept override {
        return forks.load(std::memory_order_relaxed);
    }
};

}  // namespace

ring_face& linux_ring() noexcept {
    static linux_ring_face face;
    return face;
}

}  // namespace pelton
