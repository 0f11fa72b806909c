// How one coroutine hands over to the next without growing the stack.
//
// An awaiter parks the handle that should run next and suspends; the loop in resume() runs it.
// Symmetric transfer would do the same in theory, but g++ turns it into a call under -O0 and under
// the sanitizers, and a long synchronous chain then overflows the stack.
#pragma once

#include <coroutine>
#include <utility>

namespace pelton::trampoline {

// The coroutine to run next on this thread; null when control goes back to the loop.
inline constinit thread_local std::coroutine_handle<> parked{};

inline void park(std::coroutine_handle<> next) noexcept {
    parked = next;
}

// Runs `first` and whatever it parks, until nothing is parked.
inline void resume(std::coroutine_handle<> first) {
    first.resume();
    while (parked) {
        std::exchange(parked, {}).resume();
    }
}

}  // namespace pelton::trampoline
