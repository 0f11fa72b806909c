// Memory for coroutine frames: once warm, making a task costs no malloc.
//
// Each thread keeps free frames by size class. A frame freed on another thread than the one that
// made it joins that thread's free frames. Under AddressSanitizer nothing is kept, so that a use of
// a dead frame is seen.
#pragma once

#include <cstddef>

namespace pelton::frame_pool {

// Throws std::bad_alloc when memory is gone.
void* allocate(std::size_t bytes);
void release(void* frame, std::size_t bytes) noexcept;

// Whether frames are kept for reuse in this build.
bool keeps_frames() noexcept;

}  // namespace pelton::frame_pool
