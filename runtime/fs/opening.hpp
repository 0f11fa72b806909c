// From a mode to a descriptor, through the ring or, where it lacks openat2, a thread.
#pragma once

#include <pelton/runtime/fs/open_mode.hpp>
#include <pelton/runtime/op/via.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <linux/openat2.h>
#include <string>

namespace pelton {

open_how how_to_open(open_mode mode, unsigned permissions, lookup within) noexcept;

// `name` and `how` must outlive the await. EINVAL for a name with a zero byte inside.
task<result<int>> open_descriptor(shard& here, int at, const std::string& name, const open_how& how,
                                  via chosen = via::usual);

}  // namespace pelton
