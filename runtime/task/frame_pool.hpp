// Memory for coroutine frames: once warm, making a task costs no malloc.
//
// Each thread keeps free frames by size class. A frame freed on another thread than the one that
// made it goes home by a lock-free list, which its thread looks into when it has no free frame of
// the size it needs; so frames that always end elsewhere do not pile up there. When that thread has
// ended its frames go back to the heap, or to a later thread that took over its place.
//
// Under AddressSanitizer nothing is kept, so that a use of a dead frame is seen.
//
// Thread: any.
#pragma once

#include <cstddef>

namespace pelton::frame_pool {

// Aligned to 16 bytes. Throws std::bad_alloc when memory is gone.
void* allocate(std::size_t bytes);
// `bytes` as they were allocated.
void release(void* frame, std::size_t bytes) noexcept;

// Whether frames are kept for reuse in this build.
bool keeps_frames() noexcept;

}  // namespace pelton::frame_pool
