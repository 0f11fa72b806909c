#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/futex.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/flow.hpp>

#include <cerrno>

namespace pelton {
namespace {

// A thread that waits cannot be called back, so it comes back by itself to see whether it should.
constexpr std::uint64_t thread_waits_ns = 10'000'000;

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

const std::uint32_t& value_in(const std::atomic<std::uint32_t>& word) noexcept {
    return reinterpret_cast<const std::uint32_t&>(word);
}

class futex_wait_operation final : public operation<futex_wait_operation, bool> {
public:
    futex_wait_operation(shard& here, const std::uint32_t& word, std::uint32_t expected) noexcept
        : operation(here), word_(word), expected_(expected) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        operation::await_suspend(waiter);
    }
    result<bool> await_resume() noexcept {
        here().completions().peer_wait_ended();
        return operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_futex_wait;
        sqe.fd = abi::futex_private_u32;
        sqe.addr = reinterpret_cast<std::uint64_t>(&word_);
        sqe.off = expected_;
        sqe.addr3 = abi::futex_any;
        return true;
    }
    result<bool> decode(std::int32_t) const noexcept { return true; }

private:
    const char* name() const noexcept override { return "futex wait"; }

    const std::uint32_t& word_;
    std::uint32_t expected_;
};

// When a process starts its first thread, Linux (seen on 6.18) gives it a table of private futexes
// of its own, and whoever waits in a ring by then is never woken: so that thread starts first.
task<> have_own_table(shard& here) {
    static std::atomic<bool> there{false};
    if (!there.load()) {
        auto nothing = [] {};
        co_await offload(here, nothing);
        there.store(true);
    }
}

task<result<bool>> by_ring(shard& here, const std::uint32_t& word, std::uint32_t expected) {
    co_await have_own_table(here);
    co_return co_await futex_wait_operation(here, word, expected);
}

task<result<bool>> wait_by_thread(shard& here, const std::uint32_t& word, std::uint32_t expected) {
    const auto& flow = co_await current_strand();
    auto call = [&calls = here.calls(), &word, expected] {
        return calls.futex_wait(word, expected, thread_waits_ns);
    };
    for (;;) {
        if (flow.stop_requested) {
            co_return failure(ECANCELED);
        }
        const auto waited = co_await offload(here, call);
        if (waited) {
            co_return true;
        }
        if (waited.error() != std::errc::timed_out && waited.error() != std::errc::interrupted) {
            co_return std::unexpected(waited.error());
        }
    }
}

}  // namespace

task<result<bool>> futex_wait(shard& here, const std::atomic<std::uint32_t>& word,
                              std::uint32_t expected) {
    auto waited = here.known().has(feature::futex)
                      ? co_await by_ring(here, value_in(word), expected)
                      : co_await wait_by_thread(here, value_in(word), expected);
    if (!waited && waited.error() == std::errc::resource_unavailable_try_again) {
        co_return false;
    }
    co_return waited;
}

result<unsigned> futex_wake(calls_face& calls, const std::atomic<std::uint32_t>& word,
                            unsigned count_max) noexcept {
    return calls.futex_wake(value_in(word), count_max);
}

}  // namespace pelton
