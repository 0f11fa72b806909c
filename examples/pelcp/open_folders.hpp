// Which folders have their descriptors open: a bounded number, however deep the tree is.
//
// The one used least recently is closed when there are too many, and opened again, by the names
// from the nearest folder that is open, when a job needs it. Reopening follows no symbolic link
// that the first opening did not, and checks that it found the same directory.
//
// Thread: the shard's. Reopening blocks it for as long as some lookups of cached names take.
#pragma once

#include <pelton/examples/pelcp/folder.hpp>
#include <pelton/examples/pelcp/settings.hpp>
#include <pelton/runtime/kernel/calls.hpp>

#include <cstddef>
#include <list>

namespace pelcp {

class open_folders {
public:
    open_folders(pelton::calls_face& calls, const settings& wanted);
    open_folders(const open_folders&) = delete;
    open_folders& operator=(const open_folders&) = delete;

    // The descriptors were opened by a job.
    void opened(folder& one, int source, int target);
    // Keeps them open until let_go(), opening them first if need be; the source only if `reads`.
    pelton::result<void> hold(folder& one, bool reads = true);
    void let_go(folder& one) { --one.pins; }
    // It is finished. What a job still holds open (another folder's name is being linked to one in
    // here) is closed like any that was not used for long.
    void close(folder& one);

private:
    using side = int folder::*;
    pelton::result<void> reopen(folder& one, side which);
    pelton::result<int> open_below(int base, const std::string& path, side which);
    void close_now(folder& one);
    void make_room();

    pelton::calls_face& calls_;
    bool follows_links_;  // in the source, everywhere
    std::size_t most_;
    std::list<folder*> open_;  // the one used last at the back
};

}  // namespace pelcp
