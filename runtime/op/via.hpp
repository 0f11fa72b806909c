// Who carries out an operation that both can: io_uring's opcode, or a system call on a thread.
//
// For most opcodes on files and names the kernel itself only hands the work to a thread of its own
// (a punt), so neither way is faster by design; which one was measured to be is the operation's
// usual way (docs/files.md has the figures). Reasons to choose: the ring needs no threads of ours,
// and a request that the kernel's threads have not begun can still be cancelled; a thread's call
// cannot be cancelled and takes one of options.blocking_threads_max.
#pragma once

#include <pelton/runtime/ring/feature.hpp>

#include <cstdint>

namespace pelton {

enum class via : std::uint8_t {
    usual,   // what the measurements say
    ring,    // the opcode; a thread where the kernel lacks it
    thread,  // the system call
};

// Said by an operation that io_uring has no opcode for: a thread carries it out in any case.
inline constexpr feature no_opcode = feature::count;

}  // namespace pelton
