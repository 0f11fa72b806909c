// The real rings for several shards: what a test refuses, breaks and notes of them.
#pragma once

#include <pelton/buffers/area.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

namespace pelton::test {

// The real rings, each call of which a test can refuse or note. Used from several threads.
class noted_rings final : public ring_face {
public:
    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        if (set_ups_left.fetch_sub(1) <= 0) {
            return -EMFILE;
        }
        return linux_ring().set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        if (loses_bells) {
            for (unsigned at = *ring.sq.khead; at != *ring.sq.ktail; ++at) {
                auto& sqe = ring.sq.sqes[at & *ring.sq.kring_mask];
                sqe.fd = sqe.opcode == abi::op_msg_ring ? -1 : sqe.fd;
            }
        }
        return linux_ring().enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        if (opcode == abi::register_buffers_update) {
            const area* buffer = nullptr;
            std::memcpy(&buffer, static_cast<std::byte*>(argument) + 8, sizeof(buffer));
            if (buffer->length > largest_buffer) {
                return -ENOMEM;
            }
        }
        if (opcode == abi::register_sync_cancel && ring.ring_fd == deaf) {
            return -ENOENT;  // what is in flight there stays so
        }
        if (opcode == abi::register_clone_buffers && !clones) {
            return -EINVAL;
        }
        return linux_ring().register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override {
        {
            const std::lock_guard lock(guard_);
            torn_down.push_back(ring.ring_fd);
        }
        linux_ring().tear_down(ring);
    }
    const std::atomic<unsigned>& forks() const noexcept override { return linux_ring().forks(); }

    std::atomic<int> set_ups_left{1'000};
    std::size_t largest_buffer = SIZE_MAX;
    bool clones = true;
    bool loses_bells = false;
    std::atomic<int> deaf{-1};  // the ring that loses synchronous cancels
    std::vector<int> torn_down;

private:
    std::mutex guard_;
};

}  // namespace pelton::test
