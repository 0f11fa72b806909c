// --kernel-info: what this kernel can do and how far its limits let it.
#pragma once

#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelcp {

pelton::task<int> show_kernel_info(pelton::shard& here);

}  // namespace pelcp
