// How a file is opened.
#pragma once

#include <cstdint>

namespace pelton {

enum class open_mode : std::uint16_t {
    read = 1,
    write = 2,
    read_write = 3,
    create = 4,      // make it when it is not there
    create_new = 8,  // make it; EEXIST when it is there, be it a dangling link
    truncate = 16,
    append = 32,      // every write goes to the end, whatever its position says
    direct = 64,      // O_DIRECT: past the page cache, with alignment rules
    no_follow = 128,  // ELOOP when the last part of the path is a symbolic link
    non_block = 256,  // opening a FIFO does not wait for its other side
};

constexpr open_mode operator|(open_mode a, open_mode b) noexcept {
    return static_cast<open_mode>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(open_mode set, open_mode one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) == static_cast<unsigned>(one);
}

// How far a path may lead, openat2(2): what the kernel refuses on the way, with EXDEV or ELOOP.
enum class lookup : std::uint8_t {
    anywhere = 0,
    same_device = 1,     // over no mount point
    no_magic_links = 2,  // over no link of the kernel's own, as in /proc/self/fd
    no_links = 4,        // over no symbolic link at all
    beneath = 8,         // never out of the directory it starts in; an absolute path is refused
    in_root = 16,        // likewise, with that directory taken for the root
    cached = 32,         // EAGAIN unless the whole path is in the kernel's cache
};

constexpr lookup operator|(lookup a, lookup b) noexcept {
    return static_cast<lookup>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

// Whether a file can be opened so: for reading or writing, and changed only for writing. Opening it
// otherwise is EINVAL, since open(2) would truncate what it then refuses to write.
constexpr bool makes_sense(open_mode mode) noexcept {
    const bool changes = has(mode, open_mode::truncate) || has(mode, open_mode::append);
    return has(mode, open_mode::write) || (has(mode, open_mode::read) && !changes);
}

}  // namespace pelton
