// What becomes of memory: madvise(2).
#pragma once

#include <pelton/runtime/op/advice_requests.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cstddef>
#include <span>

namespace pelton {

// madvise(2).
enum class memory_advice : int {
    normal = 0,
    random = 1,
    sequential = 2,
    will_need = 3,
    dont_need = 4,  // private memory reads as zeros afterwards
    free = 8,       // may be taken when memory is short
    huge_pages = 14,
    populate_read = 22,   // Linux 5.14
    populate_write = 23,  // Linux 5.14
};

// `memory` starts at a page. EINVAL for advice that this kernel does not know.
inline call_operation<memory_advice_request> advise(shard& here, std::span<std::byte> memory,
                                                    memory_advice advice,
                                                    via chosen = via::usual) noexcept {
    return {here, targets_in_use(), chosen, memory, static_cast<int>(advice)};
}

}  // namespace pelton
