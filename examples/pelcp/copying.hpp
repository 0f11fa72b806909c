// One name of a listing: decides what it is and copies it, or says who else must.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

#include <cstddef>
#include <vector>

namespace pelcp {

struct linked_name {
    std::size_t index;
    identity which;
};

// What a job met and leaves to others, as places in the listing.
struct findings {
    std::vector<std::size_t> folders;
    std::vector<std::size_t> large;
    std::vector<linked_name> linked;  // names of inodes that have several

    bool empty() const noexcept { return folders.empty() && large.empty() && linked.empty(); }
};

// For a thread. `claimed`: a name of several is copied all the same. True when a copy was made.
bool copy_one(job& on, const listing& names, std::size_t index, bool claimed, findings& found);

}  // namespace pelcp
