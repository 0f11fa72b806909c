// What an open descriptor is: its type, its alignment, and which opcodes are safe on it.
#pragma once

#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelton {

struct classified {
    target on;
    file_type type;
};

// Costs one statx(2) that no server is asked for. The first file of each mount costs a statfs(2)
// too, by a thread where that could wait for a server. Runs to its end although a stop was asked
// for, since what it classifies is open already; it does not close it when it fails.
task<result<classified>> classify(shard& here, int descriptor, bool direct);

// The same here and now.
result<classified> classify_now(shard& here, int descriptor, bool direct) noexcept;

}  // namespace pelton
