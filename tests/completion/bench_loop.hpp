// A loop on a scripted ring, turned by hand, and records whose only purpose is to be watched.
#pragma once

#include "completion/scripted_ring.hpp"

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>

#include <coroutine>
#include <optional>
#include <vector>

namespace pelton::test {

// An operation without a meaning. As a member of a chain it notes when it finished.
class watched final : public record {
public:
    watched() = default;
    watched(std::vector<int>& order, int number) noexcept : order_(&order), number_(number) {}

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        ++prepared_;
        if (scratch_ != 0 && queues.scratch(scratch_).empty()) {
            return false;
        }
        sqe.opcode = abi::op_nop;
        sqe.fd = -1;
        return true;
    }
    void need_scratch(std::size_t entries) noexcept { scratch_ = entries; }
    // As a transfer that is submitted again after each part, until `parts` have come.
    void come_in_parts(int parts) noexcept {
        set_hooked();
        parts_left_ = parts;
    }

    bool done() const noexcept { return now() == state::done; }
    bool queued() const noexcept { return now() == state::queued; }
    int prepared() const noexcept { return prepared_; }
    std::int32_t moved() const noexcept { return moved_; }

private:
    bool completed(std::int32_t& outcome) noexcept override {
        moved_ += outcome > 0 ? outcome : 0;
        return outcome <= 0 || --parts_left_ == 0;
    }
    void finished() noexcept override {
        if (order_ != nullptr) {
            order_->push_back(number_);
        }
    }
    const char* name() const noexcept override { return "WATCHED"; }

    std::vector<int>* order_ = nullptr;
    int number_ = 0;
    std::size_t scratch_ = 0;
    int parts_left_ = 0;
    int prepared_ = 0;
    std::int32_t moved_ = 0;
};

inline ring_options entries(unsigned sq, unsigned cq = 0) {
    ring_options sizes;
    sizes.sq_entries = sq;
    sizes.cq_entries = cq;
    return sizes;
}

struct bench_loop {
    explicit bench_loop(const ring_options& with = entries(2)) : queues(kernel, with) {}

    void start(watched& one) { completions.start(one, std::noop_coroutine(), flow); }
    // One enter that does not sleep.
    void turn() { completions.turn(false, std::nullopt); }
    void turn_at(std::uint32_t now_ms) {
        completions.set_now_ms(now_ms);
        turn();
    }

    // The last SQE the kernel took.
    const seen_sqe& last() const {
        REQUIRE(!kernel.seen().empty());
        return kernel.seen().back();
    }
    std::size_t taken() const noexcept { return kernel.seen().size(); }

    scripted_ring kernel;
    ring queues;
    loop completions{queues};
    strand flow;
};

// A record that the kernel has, and its user_data.
struct in_kernel {
    explicit in_kernel(bench_loop& bench) {
        bench.start(one);
        bench.turn();
        REQUIRE(one.now() == record::state::in_flight);
        user_data = bench.last().user_data;
    }
    watched one;
    std::uint64_t user_data = 0;
};

// Asks for a cancel and has the kernel take it. Its user_data.
inline std::uint64_t cancel(bench_loop& bench, in_kernel& target) {
    bench.completions.cancel(target.one);
    bench.turn();
    REQUIRE(bench.last().opcode == abi::op_async_cancel);
    REQUIRE(bench.last().address == target.user_data);
    REQUIRE(bench.last().user_data != target.user_data);
    return bench.last().user_data;
}

// The two CQEs, one enter after the other: what the operation is after each.
inline void answer(bench_loop& bench, std::uint64_t user_data, std::int32_t outcome) {
    bench.kernel.post(user_data, outcome);
    bench.turn();
}

}  // namespace pelton::test
