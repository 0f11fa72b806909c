#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/polled_queue.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <cerrno>
#include <system_error>

namespace pelton {
namespace {

// The shard's kernel, asked for polled rings.
class polling_face final : public ring_face {
public:
    polling_face(ring_face& kernel, bool hybrid) noexcept : kernel_(kernel), hybrid_(hybrid) {}

    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        const auto wanted = params;
        if (hybrid_) {
            params.flags |= abi::setup_iopoll | abi::setup_hybrid_iopoll;
            if (const int made = kernel_.set_up(entries, params, ring); made != -EINVAL) {
                return made;
            }
            params = wanted;
        }
        params.flags |= abi::setup_iopoll;
        return kernel_.set_up(entries, params, ring);
    }
    int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags, void* argument,
              std::size_t argument_bytes) noexcept override {
        return kernel_.enter(ring, to_submit, wait_for, flags, argument, argument_bytes);
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return kernel_.register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring& ring) noexcept override { kernel_.tear_down(ring); }
    const std::atomic<unsigned>& forks() const noexcept override { return kernel_.forks(); }

private:
    ring_face& kernel_;
    bool hybrid_;
};

// Lives in the frame of transfer(), which looks at it between polls.
class polled_transfer final : public record {
public:
    polled_transfer(direction way, const target& on, const areas& memory, std::uint64_t at) noexcept
        : way_(way), on_(on), memory_(memory), at_(at) {}

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        return prepare_transfer(sqe, queues, way_, on_, memory_, at_) != rung::put_off;
    }
    bool done() const noexcept { return done_; }

private:
    void finished() noexcept override { done_ = true; }
    const char* name() const noexcept override {
        return way_ == direction::reading ? "polled read" : "polled write";
    }

    direction way_;
    const target& on_;
    const areas& memory_;
    std::uint64_t at_;
    bool done_ = false;
};

}  // namespace

struct polled_queue::own_ring {
    own_ring(shard& here, bool hybrid, const ring_options& with)
        : face(here.ring_kernel(), hybrid), queues(face, with), completions(queues) {}

    polling_face face;
    ring queues;
    loop completions;
};

polled_queue::polled_queue(shard& here, polled_options with) : here_(here) {
    if (!here.known().has(feature::iopoll)) {
        return;
    }
    ring_options sizes;
    sizes.sq_entries = with.sq_entries;
    sizes.masked = here.known().masked;
    const bool hybrid = with.hybrid && here.known().has(feature::hybrid_iopoll);
    try {
        polled_ = std::make_unique<own_ring>(here, hybrid, sizes);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::invalid_argument) {
            throw;
        }
        return;  // this kernel polls nothing
    }
    hybrid_ = (polled_->queues.known().setup_flags & abi::setup_hybrid_iopoll) != 0;
    // Without it, as with little memory that may be locked, pages are pinned for each transfer.
    const auto memory = here.pages().memory().whole();
    static_cast<void>(polled_->queues.register_range(memory.start, memory.length));
}

polled_queue::~polled_queue() {
    check(pending_ == 0, "a polled queue was destroyed while transfers on it are pending");
}

// Each waiter comes by once a round; the last of them polls for all.
void polled_queue::poll_once_a_round() noexcept {
    if (++asked_ < pending_) {
        return;
    }
    asked_ = 0;
    ++polls_;
    polled_->completions.turn(false, std::nullopt);
}

task<result<std::size_t>> polled_queue::transfer(direction way, target& on, areas memory,
                                                 std::uint64_t at) {
    if (polled_ == nullptr) {
        co_return co_await pelton::transfer(here_, way, on, memory, at);
    }
    if (const auto refusal = on.refuse(memory, at)) {
        co_return std::unexpected(refusal);
    }
    const target::use held(on);
    if (!co_await yield()) {
        co_return failure(ECANCELED);
    }
    polled_transfer one(way, on, memory, at);
    polled_->completions.start_unawaited(one);
    ++pending_;
    while (!one.done()) {
        poll_once_a_round();
        if (!one.done()) {
            // A stop request is answered by the transfer's own end.
            static_cast<void>(co_await yield());
        }
    }
    --pending_;
    if (one.outcome() < 0) {
        co_return failure(-one.outcome());
    }
    co_return static_cast<std::size_t>(one.outcome());
}

}  // namespace pelton
