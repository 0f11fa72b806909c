// Whether a copy reads like its source.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

namespace pelcp {

// Reads both back from the start and compares their xxHash, block by block; complains with the
// range of bytes of the first block that differs. The target is written out and dropped from the
// page cache first, so that what is read is what the disk holds.
void verify_content(job& on, const entry& one, int from, int into);

}  // namespace pelcp
