// The real ring, entered with bad luck: what the kernel may do at any enter, it does often.
//
// A short enter takes fewer SQEs than offered and, like the kernel, then does not wait. EINTR,
// EAGAIN and EBUSY come before anything was taken. Luck is drawn from a seed, so a failure can be
// repeated.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <cerrno>
#include <cstdint>
#include <random>

namespace pelton::test {

class faulty_ring final : public ring_face {
public:
    explicit faulty_ring(std::uint64_t seed) : luck_(seed) {}

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        switch (luck_() % 8) {
            case 0:
                return -EINTR;
            case 1:
                return -EAGAIN;
            case 2:
                return -EBUSY;
            case 3:
            case 4:
                if (to_submit > 0) {
                    ++short_enters_;
                    to_submit = static_cast<unsigned>(luck_() % to_submit);
                    wait_for = 0;
                }
                break;
            default:
                break;
        }
        return linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { linux_ring().tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

    std::uint64_t short_enters() const noexcept { return short_enters_; }

private:
    std::mt19937_64 luck_;
    std::uint64_t short_enters_ = 0;
};

}  // namespace pelton::test
