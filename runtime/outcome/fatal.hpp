// The end of the process for errors of the program itself: a lease that outlives its pool, a record
// destroyed in flight. They stay checked in release builds, since the kernel would otherwise write
// into memory that has a new owner.
#pragma once

#include <string_view>

namespace pelton {

// Writes "pelton: <sentence>" and a newline to standard error in one write, then aborts.
// Allocates nothing. Callable from any thread.
[[noreturn]] void fatal(std::string_view sentence) noexcept;

// An invariant: `sentence` says what was broken and, where there is one, the remedy.
inline void check(bool holds, std::string_view sentence) noexcept {
    if (!holds) [[unlikely]] {
        fatal(sentence);
    }
}

}  // namespace pelton
