// Receiving from a socket into areas and sending from them: once, or until all of it is done.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/socket_ladder.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/end_of_stream.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

namespace pelton {

// What the two kinds share: being counted by their target, and the ladder of opcodes.
template <class Self>
class socket_transfer_base : public operation<Self, std::size_t> {
    using base = operation<Self, std::size_t>;

public:
    // A receive of nothing would wait for the peer all the same: it does not reach the kernel.
    bool await_ready() const noexcept { return memory_.empty(); }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        count_in();
        base::await_suspend(waiter);
    }

    result<std::size_t> await_resume() noexcept {
        if (this->now() == record::state::idle) [[unlikely]] {
            return std::size_t{0};
        }
        on_.leave();
        this->here().completions().peer_wait_ended();
        return base::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        if (!prepare_socket_transfer(sqe, queues, way_, on_, memory_, header_)) {
            return false;
        }
        ++this->here().counters().plain_transfers;
        return true;
    }

protected:
    socket_transfer_base(shard& here, direction way, target& on, const areas& memory) noexcept
        : base(here), on_(on), way_(way), memory_(memory.by_fields()) {}
    ~socket_transfer_base() = default;

    void count_in() noexcept {
        on_.enter();
        this->here().completions().peer_wait_begins();
    }
    const areas& rest() const noexcept { return memory_; }

    const char* name() const noexcept override {
        return way_ == direction::reading ? "receive" : "send";
    }

    target& on_;
    direction way_;
    areas memory_;   // what is still to be transferred
    msghdr header_;  // filled when the opcode needs one
};

// One operation: as many bytes as there are, or as there is room for.
class socket_transfer : public socket_transfer_base<socket_transfer> {
public:
    socket_transfer(shard& here, direction way, target& on, const areas& memory) noexcept
        : socket_transfer_base(here, way, on, memory) {}
    virtual ~socket_transfer() = default;

    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

protected:
    // `part` bytes came by other means. True when that is all there is to do.
    bool took(std::size_t) noexcept { return true; }
};

// As many operations, one after the other, as it takes. A rest is submitted only when the part
// before it has ended: two in flight would interleave with each other.
//
// Without MSG_WAITALL, although the kernel could then do the waiting: an error that it meets behind
// a first part is hidden by the short count, and taken from the socket, so that a connection reset
// in the middle would look like an orderly end. The rests cost at most a tenth more CPU.
class whole_socket_transfer : public socket_transfer_base<whole_socket_transfer> {
public:
    // `moved`, if given, is always the bytes transferred so far, also when an error ends it.
    whole_socket_transfer(shard& here, direction way, target& on, const areas& memory,
                          std::size_t* moved) noexcept
        : socket_transfer_base(here, way, on, memory), moved_(moved) {
        set_hooked();
        if (moved_ != nullptr) {
            *moved_ = 0;
        }
    }
    virtual ~whole_socket_transfer() = default;

    result<std::size_t> decode(std::int32_t) const noexcept {
        if (!memory_.empty()) {
            return std::unexpected(end_of_stream());
        }
        return done_;
    }

protected:
    bool took(std::size_t part) noexcept {
        done_ += part;
        if (moved_ != nullptr) {
            *moved_ = done_;
        }
        memory_ = memory_.skip(part);
        return memory_.empty();
    }

private:
    bool completed(std::int32_t& outcome) noexcept override {
        if (outcome == -EINTR && !stopping()) {
            return false;
        }
        if (outcome <= 0) {
            if (outcome == 0 && way_ == direction::writing) {
                outcome = -EIO;  // no progress and no reason: never spin on it
            }
            return true;
        }
        if (took(static_cast<std::size_t>(outcome))) {
            return true;
        }
        ++here().counters().short_transfers;
        if (stopping()) {
            outcome = -ECANCELED;
            return true;
        }
        return false;
    }

    std::size_t done_ = 0;
    std::size_t* moved_;
};

}  // namespace pelton
