// A large file, in pieces: several reads and writes of it are in flight at any time, out of the
// shard's registered pages.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelcp {

// True when it was copied. The folder it is in stays open meanwhile.
pelton::task<bool> copy_large(pelton::shard& here, job& on, entry one);

}  // namespace pelcp
