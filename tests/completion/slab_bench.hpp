// A loop on a scripted ring, and a slab of records that outlive who started them.
#pragma once

#include "completion/bench_loop.hpp"

#include <pelton/runtime/completion/lasting_record.hpp>
#include <pelton/runtime/completion/slab.hpp>

#include <doctest/doctest.h>

#include <vector>

namespace pelton::test {

// What a multishot told, kept beside it since it may be gone by then.
struct told {
    std::vector<std::int32_t> arrivals;
    std::vector<std::int32_t> ends;
    int gone = 0;
    int starts_left = 0;  // how often it starts itself again
};

class multishot final : public lasting_record {
public:
    multishot(loop& on, told& by) noexcept : lasting_record(on), by_(by) {}
    ~multishot() override { ++by_.gone; }
    void start() noexcept { lasting_record::start(); }
    void stop() noexcept { ask_to_end(); }

private:
    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_nop;
        sqe.fd = -1;
        return true;
    }
    void arrived(std::int32_t outcome, std::uint32_t) noexcept override {
        by_.arrivals.push_back(outcome);
    }
    void ended() noexcept override {
        by_.ends.push_back(outcome());
        if (by_.starts_left > 0) {
            --by_.starts_left;
            start();
        }
    }
    const char* name() const noexcept override { return "MULTISHOT"; }

    told& by_;
};

struct slab_bench : bench_loop {
    explicit slab_bench(std::size_t slots = 2, const ring_options& with = entries(2))
        : bench_loop(with), records(slots) {}

    multishot* make() { return records.make<multishot>(completions, log); }
    multishot& started() {
        auto* one = make();
        REQUIRE(one != nullptr);
        one->start();
        turn();
        return *one;
    }
    void deliver(std::uint64_t user_data, std::int32_t outcome, std::uint32_t flags) {
        kernel.post(user_data, outcome, flags);
        turn();
    }

    told log;
    slab records;
};

}  // namespace pelton::test
