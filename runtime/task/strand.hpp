// One sequential flow of coroutines: a spawned child and everything it awaits in turn.
//
// Promises inherit a pointer to it, so a stop request finds the operation the flow waits in, and
// sleep() finds its shard, without a lookup or an allocation.
#pragma once

#include <pelton/runtime/task/scheduler.hpp>

#include <cstdint>

namespace pelton {

struct strand {
    strand() noexcept = default;
    // Within `outer`, and as what it is a part of in all but stop requests.
    strand(const strand& outer, bool stopped) noexcept
        : home(outer.home), name(outer.name), stop_requested(stopped), within(&outer) {}

    scheduler* home = nullptr;
    leaf* waiting_in = nullptr;  // what the flow is suspended in, null while it runs
    const char* name = "task";   // a literal, for dump()
    bool stop_requested = false;
    const strand* within = nullptr;  // whose waiter this one's end resumes (inner_strand.hpp)

    // The home's list of live strands; set by strand_started().
    strand* earlier;
    strand* later;

    // The strand of the flow that this is a part of.
    const strand& outermost() const noexcept {
        const auto* one = this;
        while (one->within != nullptr) {
            one = one->within;
        }
        return *one;
    }

    // Asks the flow to stop: what it waits in is asked now, and each operation it starts later
    // completes at once with ECANCELED.
    void request_stop() noexcept {
        stop_requested = true;
        if (waiting_in != nullptr) {
            waiting_in->request_stop();
        }
    }
};

}  // namespace pelton
