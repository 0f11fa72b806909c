// Wakes a shard that sleeps in the kernel: an eventfd with a read always pending on the ring.
#pragma once

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/kernel/calls.hpp>

#include <atomic>
#include <cstdint>

namespace pelton {

class doorbell final : public record {
public:
    // Makes the eventfd; throws std::system_error when there is no descriptor for it.
    doorbell(loop& completions, calls_face& calls);
    ~doorbell();

    // Starts listening, on the shard's thread.
    void arm() noexcept;
    // Lets the pending read end without starting another.
    void close() noexcept { closing_ = true; }

    // Rings, if nobody did since it was last heard: the shard then looks for messages. Callable
    // from any thread.
    void ring() noexcept;

private:
    bool prepare(io_uring_sqe& sqe, class ring& queues) noexcept override;
    void finished() noexcept override;
    const char* name() const noexcept override { return "doorbell"; }

    loop& completions_;
    calls_face& calls_;
    int descriptor_;
    bool closing_ = false;
    std::atomic<bool> rung_{false};
    std::uint64_t rings_ = 0;  // the kernel writes it
};

}  // namespace pelton
