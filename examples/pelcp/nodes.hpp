// Symbolic links, fifos, sockets and device nodes: copied by name, never opened.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

namespace pelcp {

void copy_symlink(job& on, const entry& one, const pelton::metadata& about);
void copy_special(job& on, const entry& one, const pelton::metadata& about);

}  // namespace pelcp
