// What another thread may see of a loop: which task runs, and whether it is still the same run.
#pragma once

#include <atomic>
#include <cstdint>

namespace pelton {

// Written by the loop's thread alone, relaxed: whoever looks wants to know what has not changed for
// half a second.
class pulse {
public:
    void begins(const char* name) noexcept {
        name_.store(name, std::memory_order_relaxed);
        beat_.store(beat_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    void rests() noexcept { name_.store(nullptr, std::memory_order_relaxed); }

    // Counts the resumptions. Callable from any thread.
    std::uint64_t beat() const noexcept { return beat_.load(std::memory_order_relaxed); }
    // The running strand's, a literal; null while none runs. Callable from any thread.
    const char* running() const noexcept { return name_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> beat_{0};
    std::atomic<const char*> name_{nullptr};
};

}  // namespace pelton
