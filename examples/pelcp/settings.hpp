// What the user asked for, once the options are read.
#pragma once

#include <cstdint>

namespace pelcp {

enum class choice : std::uint8_t { never, automatic, always };

// Which symbolic links in the source stand for what they point to: none (-P), those named on the
// command line (-H), all (-L).
enum class follow : std::uint8_t { nothing, operands, everything };

// What a copy takes over from its source besides the bytes.
struct kept {
    bool mode = false;  // with its ACL
    bool owner = false;
    bool times = false;
    bool links = false;   // hard links among the copied files
    bool xattrs = false;  // best effort, as everything about them is
};

struct settings {
    bool recursive = false;
    follow links = follow::everything;
    kept keep;
    choice sparse = choice::automatic;
    choice reflink = choice::automatic;
    choice progress = choice::automatic;
    bool force = false;
    bool no_clobber = false;
    bool verbose = false;
    bool verify = false;
    bool sync = false;
    bool json = false;
};

}  // namespace pelcp
