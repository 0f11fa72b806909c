// What a write promises when it resumes: nothing about the disk, or what a sync would.
#pragma once

#include <cstdint>

namespace pelton {

// The values are RWF_DSYNC and RWF_SYNC (linux/fs.h, pwritev2(2)).
enum class durability : std::uint8_t {
    none = 0,  // in the page cache, or the device's own
    data = 2,  // on the disk, as after fdatasync(2): the bytes, and what is needed to read them
    full = 4,  // as after fsync(2): all metadata too
};

}  // namespace pelton
