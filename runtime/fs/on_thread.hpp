// Calls on files that io_uring lacks, or that are not asked of it: one of our threads makes them.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/flow.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cerrno>
#include <type_traits>

namespace pelton {

// `call()` returns a result. ECANCELED, without a call, in a task that was asked to stop; a call
// that was begun runs to its end.
template <class F>
task<std::invoke_result_t<F&>> on_thread(shard& here, F call) {
    const auto& flow = co_await current_strand();
    if (flow.stop_requested) {
        co_return failure(ECANCELED);
    }
    co_return co_await offload(here, call);
}

}  // namespace pelton
