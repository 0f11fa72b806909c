// From one shard to another: what is sent, what waits for a place in the other's mailbox, and the
// bell that wakes it.
//
// Invariants
//   (1) Of the parcels that were sent, at most `places` are not yet delivered; the others wait
//       here, in order, on their sender's thread.
//   (2) A sender that waits has asked, and who is asked tells it of the next place that is free.
#pragma once

#include <pelton/runtime/completion/peer_bell.hpp>
#include <pelton/runtime/shard/mailbox.hpp>

#include <atomic>
#include <cstdint>

namespace pelton {

class shard;
class lane;

// A message that takes a place. Its deliver() says taken() on the lane it came by.
class parcel : public message {
protected:
    ~parcel() = default;

private:
    friend class lane;
    parcel* behind_ = nullptr;  // while it waits for a place
};

class lane final : public peer_bell {
public:
    lane(shard& from, shard& to, std::uint32_t places) noexcept
        : from_(from), to_(to), places_(places), room_(*this) {}

    // Sender's thread: sends now, or once there is a place.
    void send(parcel& one) noexcept;
    // True when it had not been sent: then it never will be. Sender's thread.
    bool take_back(parcel& one) noexcept;
    // Rings, if nobody did since the last ring was heard. Sender's thread.
    void ring() noexcept;

    // Receiver's thread, for each parcel it delivers.
    void taken() noexcept;

private:
    // Goes back to the sender, who then sends what waits.
    class room final : public message {
    public:
        explicit room(lane& of) noexcept : of_(of) {}
        void deliver() noexcept override {
            of_.asked_ = false;
            of_.send_waiting();
        }

    private:
        lane& of_;
    };

    void failed() noexcept override;
    bool has_place() const noexcept { return sent_ - taken_.load() < places_; }
    void post(parcel& one) noexcept;
    void send_waiting() noexcept;

    // Constant after construction
    shard& from_;
    shard& to_;
    std::uint32_t places_;

    // Sender's thread
    std::uint32_t sent_ = 0;
    bool asked_ = false;  // for a place; until the room message comes it may not be sent again
    parcel* first_ = nullptr;
    parcel* last_ = nullptr;

    // Both threads
    room room_;
    std::atomic<bool> wanted_{false};
    alignas(64) std::atomic<std::uint32_t> taken_{0};
};

}  // namespace pelton
