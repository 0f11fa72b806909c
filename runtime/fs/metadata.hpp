// What statx(2) tells of a file.
#pragma once

#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <sys/stat.h>

#include <cstdint>
#include <ctime>

namespace pelton {

class calls_face;

enum class file_type : std::uint8_t {
    unknown,
    regular,
    directory,
    symbolic_link,
    fifo,
    socket,
    character_device,
    block_device
};

// What is asked of statx(2), and what it told: a file system leaves out what it does not know.
enum class stat_field : unsigned {
    nothing = 0,
    type = 0x1,
    mode = 0x2,
    links = 0x4,
    owner = 0x8,
    group = 0x10,
    accessed = 0x20,
    modified = 0x40,
    changed = 0x80,
    inode = 0x100,
    bytes = 0x200,
    allocated_bytes = 0x400,
    born = 0x800,
    direct = 0x2000,   // Linux 6.1
    mount = 0x4000,    // Linux 6.8
    atomic = 0x10000,  // Linux 6.11
    usual = 0x27ff,    // all but born, mount and atomic
    everything = 0x16fff,
};

constexpr stat_field operator|(stat_field a, stat_field b) noexcept {
    return static_cast<stat_field>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(stat_field set, stat_field all) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(all)) == static_cast<unsigned>(all);
}

// How fresh the answer of a network file system is.
enum class freshness : unsigned {
    usual = 0,
    asked = 0x2000,   // AT_STATX_FORCE_SYNC: the server is asked
    cached = 0x4000,  // AT_STATX_DONT_SYNC: the server is not
};

struct metadata {
    metadata() noexcept = default;
    explicit metadata(const struct statx& raw) noexcept;

    stat_field told = stat_field::nothing;
    file_type type = file_type::unknown;
    unsigned mode = 0;  // permission bits, set-user-id and the like included
    std::uint64_t bytes = 0;
    std::uint64_t allocated_bytes = 0;  // on the disk
    std::uint64_t device = 0;           // with inode: which file this is
    std::uint64_t inode = 0;
    std::uint64_t links = 0;
    std::uint32_t owner = 0;
    std::uint32_t group = 0;
    std::uint64_t device_number = 0;  // of a character or block device itself
    std::uint64_t mount = 0;          // which mount; a number that no other ever gets
    timespec accessed{};
    timespec modified{};
    timespec changed{};  // the metadata
    timespec born{};
    direct_alignment direct;  // zeros where the file system does not tell
    atomic_limits atomic;     // zeros where no write is
};

file_type type_of_mode(unsigned mode) noexcept;

// statx(2) here and now. `name` may be empty with AT_EMPTY_PATH in `flags`: the descriptor itself.
result<metadata> read_metadata(calls_face& calls, int at, const char* name, int flags,
                               stat_field wanted = stat_field::usual) noexcept;

}  // namespace pelton
