// The real kernel's rings, for tests that change or watch a part of what goes there.
#pragma once

#include <pelton/runtime/kernel/ring_face.hpp>

#include <cstddef>

namespace pelton::test {

class forwarding_ring : public ring_face {
public:
    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return real_.set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        return real_.enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return real_.register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { real_.tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return real_.forks(); }

private:
    ring_face& real_ = linux_ring();
};

}  // namespace pelton::test
