#include <pelton/bench/shards/allocations.hpp>

#include <cstdlib>
#include <new>

namespace {

thread_local pelton::bench::allocated so_far{0, 0};

}  // namespace

namespace pelton::bench {

allocated allocated_so_far() noexcept {
    return so_far;
}

}  // namespace pelton::bench

void* operator new(std::size_t bytes) {
    ++so_far.times;
    so_far.bytes += bytes;
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
