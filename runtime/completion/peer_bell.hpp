// How the ring of one shard rings that of another: by MSG_RING, which carries no message. Messages
// are in memory; the bell only says that there are some.
//
// Invariant: at most one ring is on its way for each bell. Whoever posts a message sets `rung`
// afterwards and rings when it was not set; the shard that is rung clears it before it looks for
// messages. So a message is either seen by that look or rings again.
#pragma once

#include <atomic>
#include <cstdint>

namespace pelton {

// Its address is user_data in both rings, hence the alignment, and it outlives both.
class alignas(16) peer_bell {
public:
    peer_bell() noexcept = default;
    peer_bell(const peer_bell&) = delete;
    peer_bell& operator=(const peer_bell&) = delete;

    // True when nobody has rung since it was heard: then it is the caller's to ring. What the
    // caller did before is seen by whoever hears it.
    bool claim() noexcept { return !rung_.exchange(true, std::memory_order_acq_rel); }

    // On the thread that was rung.
    void heard() noexcept { rung_.exchange(false, std::memory_order_acq_rel); }

    // On the ringing thread: the kernel refused, and the bell is still to be rung, otherwise.
    virtual void failed() noexcept = 0;

protected:
    ~peer_bell() = default;

private:
    std::atomic<bool> rung_{false};
};

}  // namespace pelton
