// So many flows of operations at once.
#pragma once

#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <type_traits>

namespace pelton::bench {

// Runs `flow(i, share)`, a task<>, for each i below `depth`, all at once, and shares `operations`
// out between them. One alone runs without a scope around it.
template <class Flow>
task<> at_depth(unsigned depth, std::uint64_t operations, Flow flow) {
    static_assert(std::is_trivially_destructible_v<Flow>,
                  "g++ 12 destroys a closure twice that is made in a co_await expression");
    if (depth == 1) {
        co_await flow(0U, operations);
        co_return;
    }
    auto body = [&](children& kids) -> task<> {
        for (unsigned i = 0; i < depth; ++i) {
            kids.spawn([&flow, i, each = operations / depth] { return flow(i, each); });
        }
        co_return;
    };
    co_await scope(body);
}

}  // namespace pelton::bench
