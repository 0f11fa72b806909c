// Counts what the calling thread allocates with operator new.
//
// Replaces operator new for the whole test program, so exactly one source of an executable includes
// it. ThreadSanitizer's own operator new cannot be replaced: counts_new is false there, and a test
// that needs the count is skipped.
#pragma once

#include "buffers/sanitizer.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace pelton::test {

inline constexpr bool counts_new = PELTON_THREAD_SANITIZER == 0;

// Per thread, so that what other threads do does not count.
inline thread_local std::size_t allocations = 0;

}  // namespace pelton::test

#if !PELTON_THREAD_SANITIZER
void* operator new(std::size_t bytes) {
    ++pelton::test::allocations;
    if (auto* const memory = std::malloc(bytes > 0 ? bytes : 1)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif
