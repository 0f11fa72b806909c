// What can be chosen for a file's room, its pages and its attributes. The values are the kernel's.
#pragma once

namespace pelton {

// fallocate(2)'s modes.
enum class allocation : int {
    grow = 0,             // room on the disk, and the file grows to the end of the range
    keep_size = 1,        // room, also behind the end of the file, which stays where it is
    punch_hole = 3,       // gives the room back; reads as zeros; the size stays
    collapse = 8,         // takes the range out: what follows moves forward. Whole blocks only
    zero = 16,            // reads as zeros, with the room kept; the file may grow
    zero_keep_size = 17,  // likewise, and the file does not
    insert = 32,          // makes a hole before what is there, which moves back. Whole blocks only
    unshare = 64,         // gives the file its own copy of what it shares with others
};

// sync_file_range(2)'s flags.
enum class range_sync : unsigned {
    write = 2,           // starts to write the dirty pages
    wait = 1,            // waits for those that were being written when it began
    write_and_wait = 7,  // waits for those, writes the dirty ones, and waits for them
};

// posix_fadvise(2).
enum class file_advice : int {
    normal = 0,
    random = 1,      // no read-ahead
    sequential = 2,  // twice the read-ahead
    will_need = 3,   // starts to read it
    dont_need = 4,   // drops clean pages
    once = 5,
};

// setxattr(2)'s flags.
enum class attribute_change : int {
    any = 0,
    create = 1,   // EEXIST when it is there
    replace = 2,  // ENODATA when it is not
};

}  // namespace pelton
