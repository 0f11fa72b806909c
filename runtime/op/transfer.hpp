// Reading into areas and writing from them: once, or until all of it is done.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/durability.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/manner.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <system_error>

namespace pelton {

// What the two kinds of transfer share: the target's rules, and being counted by it.
template <class Self>
class transfer_base : public operation<Self, std::size_t> {
    using base = operation<Self, std::size_t>;

public:
    // A misaligned O_DIRECT transfer is refused before the kernel sees it.
    bool await_ready() noexcept {
        if (refuses(on_.refuse(memory_, at_))) [[unlikely]] {
            return true;
        }
        return is(abi::rwf_nowait) && !this->here().known().has(feature::no_wait) &&
               refuses(std::error_code(EAGAIN, std::system_category()));
    }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        on_.enter();
        if (peer_decides()) {
            this->here().completions().peer_wait_begins();
        }
        if (is(abi::rwf_dontcache)) [[unlikely]] {
            try_dont_cache();
        }
        base::await_suspend(waiter);
    }

    result<std::size_t> await_resume() noexcept {
        if (refusal_) [[unlikely]] {
            return std::unexpected(*refusal_);
        }
        on_.leave();
        if (peer_decides()) {
            this->here().completions().peer_wait_ended();
        }
        if (is(abi::rwf_dsync | abi::rwf_sync) && this->outcome() == -EIO) [[unlikely]] {
            on_.note_lost(EIO);
        }
        if (is(abi::rwf_nowait) && this->outcome() == -EOPNOTSUPP) [[unlikely]] {
            return failure(EAGAIN);  // whether it would have to wait, the file cannot tell
        }
        return base::await_resume();
    }

protected:
    transfer_base(shard& here, direction way, target& on, const areas& memory, std::uint64_t at,
                  durability keep, manner how) noexcept
        : base(here),
          on_(on),
          way_(way),
          rw_flags_(static_cast<std::uint8_t>(static_cast<std::uint8_t>(keep) |
                                              static_cast<std::uint8_t>(how))),
          memory_(memory.by_fields()),
          at_(at) {}
    ~transfer_base() = default;

    // A stream ends its transfers when somebody else writes or reads; a file does by itself.
    bool peer_decides() const noexcept { return at_ == target::no_position || on_.has_peer(); }

    // Whether one of these RWF_ flags is set.
    bool is(unsigned flags) const noexcept { return (rw_flags_ & flags) != 0; }

    // Notes why nothing is to be submitted. False for an empty code.
    bool refuses(std::error_code why) noexcept {
        if (why) [[unlikely]] {
            refusal_ = why;
            return true;
        }
        return false;
    }

    // For completed(): true when the file refused manner::dont_cache, which is given up; what is
    // not stopped meanwhile must then be submitted again.
    bool gives_up_dont_cache(std::int32_t outcome) noexcept {
        if (outcome != -EOPNOTSUPP || !is(abi::rwf_dontcache)) {
            return false;
        }
        on_.note_dont_cache_refused();
        clear(abi::rwf_dontcache);
        return true;
    }
    void clear(std::uint8_t flag) noexcept { rw_flags_ &= static_cast<std::uint8_t>(~flag); }

    bool prepare_rest(io_uring_sqe& sqe, ring& queues) noexcept {
        auto& counters = this->here().counters();
        sqe.rw_flags = rw_flags_;
        switch (prepare_transfer(sqe, queues, way_, on_, memory_, at_)) {
            case rung::put_off:
                return false;
            case rung::fixed:
                ++counters.fixed_transfers;
                return true;
            case rung::plain:
                ++counters.plain_transfers;
                return true;
        }
        return false;
    }

    const char* name() const noexcept override {
        return way_ == direction::reading ? "read" : "write";
    }

    target& on_;
    direction way_;
    std::uint8_t rw_flags_;  // of durability and of manner
    areas memory_;           // what is still to be transferred
    std::uint64_t at_;       // where, in the target; target::no_position for a stream

private:
    void try_dont_cache() noexcept {
        if (on_.refuses_dont_cache() || !this->here().known().has(feature::dont_cache)) {
            clear(abi::rwf_dontcache);
        } else {
            this->set_hooked();
        }
    }

    std::optional<std::error_code> refusal_;
};

// One operation: as many bytes as the kernel transfers at once.
class transfer final : public transfer_base<transfer> {
public:
    transfer(shard& here, direction way, target& on, const areas& memory, std::uint64_t at,
             durability keep = durability::none, manner how = manner::usual) noexcept
        : transfer_base(here, way, on, memory, at, keep, how) {}

    // Before it starts as a member of a chain, in which nothing is submitted again.
    void be_linked() noexcept { clear(abi::rwf_dontcache); }

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        return prepare_rest(sqe, queues);
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        const auto moved = static_cast<std::size_t>(outcome);
        here().counters().short_transfers += moved < memory_.bytes() ? 1 : 0;
        return moved;
    }

private:
    bool completed(std::int32_t& outcome) noexcept override {
        if (!gives_up_dont_cache(outcome)) {
            return true;
        }
        outcome = -ECANCELED;
        return stopping();
    }
};

// As many operations, one after the other, as it takes. A rest is submitted only when the part
// before it has ended: two in flight would leave a gap after a short first.
class whole_transfer final : public transfer_base<whole_transfer> {
public:
    // `moved`, if given, is always the bytes transferred so far, also when an error ends it.
    whole_transfer(shard& here, direction way, target& on, const areas& memory, std::uint64_t at,
                   std::size_t* moved, durability keep = durability::none,
                   manner how = manner::usual) noexcept
        : transfer_base(here, way, on, memory, at, keep, how), moved_(moved) {
        set_hooked();
        if (moved != nullptr) {
            *moved = 0;
        }
    }

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        return prepare_rest(sqe, queues);
    }
    result<std::size_t> decode(std::int32_t) const noexcept { return done_; }

private:
    bool completed(std::int32_t& outcome) noexcept override {
        if (outcome == -EINTR && !stopping()) {
            return false;
        }
        if (gives_up_dont_cache(outcome)) {
            outcome = -ECANCELED;
            return stopping();
        }
        if (outcome <= 0) {
            if (outcome == 0 && way_ == direction::writing && !memory_.empty()) {
                outcome = -EIO;  // no progress and no reason: never spin on it
            }
            return true;
        }
        const auto moved = static_cast<std::size_t>(outcome);
        done_ += moved;
        if (moved_ != nullptr) {
            *moved_ = done_;
        }
        memory_ = memory_.skip(moved);
        at_ += at_ == target::no_position ? 0 : moved;
        if (memory_.empty()) {
            return true;
        }
        ++here().counters().short_transfers;
        if (way_ == direction::reading && on_.refuses_position(at_)) {
            return true;  // a direct read that stops at such a place has met the end of the file
        }
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
