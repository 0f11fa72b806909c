// Counts what the calling thread takes from operator new, which this program replaces.
#pragma once

#include <cstddef>

namespace pelton::bench {

struct allocated {
    std::size_t times;
    std::size_t bytes;
};

// Since the thread began.
allocated allocated_so_far() noexcept;

}  // namespace pelton::bench
