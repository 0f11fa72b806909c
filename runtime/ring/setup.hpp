// Making a ring with everything the kernel allows, and saying why when it allows nothing.
#pragma once

#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/ring/capabilities.hpp>

#include <string>

namespace pelton {

struct ring_options;

// Tries the wanted set-up flags, drops the newest of them on each EINVAL, halves the queues on
// ENOMEM while 8 entries remain, and probes opcodes and registrations. Throws std::system_error
// whose text is set_up_failure()'s sentence.
capabilities set_up_ring(ring_face& kernel, const ring_options& options, io_uring& queues);

// One sentence: what io_uring_setup(2) refused, the likely cause, and the remedy.
std::string set_up_failure(int errno_value);

}  // namespace pelton
