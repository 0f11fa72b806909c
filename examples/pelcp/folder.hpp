// A directory being copied: its source, its target and what is still to be done in it.
//
// Folders form a tree by their parents. Names are kept apart and joined only for messages, since
// the path of a deep folder may be longer than the kernel takes; the calls work below descriptors.
//
// Invariants
//   (1) While a job runs in a folder its descriptors stay open (pins > 0).
//   (2) A folder is finished (mode, times) when its listing was read and pending is 0.
//   (3) A folder lives until nobody refers to it: a child, a job, or the table of hard links.
//
// Thread: the shard's, except what is constant once the folder was entered.
#pragma once

#include <pelton/runtime/fs/metadata.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>

namespace pelcp {

struct identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    friend bool operator==(const identity&, const identity&) = default;
};

inline identity identity_of(const pelton::metadata& of) noexcept {
    return {of.device, of.inode};
}

struct folder {
    // Constant after construction
    folder* parent = nullptr;  // null for the one that stands for the command line
    std::string source_name;   // below the parent's source
    std::string target_name;
    const folder* top = nullptr;  // the one above, or itself, that was named on the command line

    // Constant once entered
    pelton::metadata from;      // of the source
    identity into;              // of the target
    bool operand = false;       // named on the command line
    bool target_named = false;  // and so is its target
    bool created = false;       // the target was made by us
    // Who owns a file that is made here, and whether its mode is what was asked less the umask.
    bool newborn_known = false;
    std::uint32_t newborn_owner = 0;
    std::uint32_t newborn_group = 0;
    unsigned mode_at_birth = 0;  // of the target, if created: with all we need to work in it
    unsigned mode_wanted = 0;    // at the end, when modes are not kept

    // Shard's thread
    int source = -1;
    int target = -1;
    unsigned pins = 0;
    unsigned pending = 0;
    unsigned references = 0;
    bool held = false;  // in the list of open folders
    std::list<folder*>::iterator place;

    std::string source_path(std::string_view name) const {
        return path(&folder::source_name, name);
    }
    std::string target_path(std::string_view name) const {
        return path(&folder::target_name, name);
    }

private:
    std::string path(std::string folder::* side, std::string_view name) const;
};

}  // namespace pelcp
