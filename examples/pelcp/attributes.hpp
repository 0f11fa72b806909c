// What a copy keeps besides the bytes: owner, extended attributes, ACL, mode, times, in the order
// in which none undoes another. A chown takes the set-user-id bits away, an ACL changes the mode,
// and anything may change the times.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

namespace pelcp {

// The target as it is now, for not asking the kernel for what is there already.
struct newborn {
    bool created = false;
    unsigned mode = 0;  // it was asked to have, before the umask
    bool is_folder = false;
};

// For regular files and directories, by descriptor. `in` is the folder both lie in.
void keep_attributes(job& on, const entry& one, int from, const pelton::metadata& about, int into,
                     newborn made);

// For symbolic links, fifos, sockets and devices, by name: they are not opened.
void keep_attributes_by_name(job& on, const entry& one, const pelton::metadata& about);

}  // namespace pelcp
