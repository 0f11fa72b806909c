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

struct metadata {
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
    timespec accessed{};
    timespec modified{};
    direct_alignment direct;  // zeros where the file system does not tell
};

file_type type_of_mode(unsigned mode) noexcept;
metadata metadata_of(const struct statx& raw) noexcept;

// statx(2) here and now. `name` may be empty with AT_EMPTY_PATH in `flags`: the descriptor itself.
result<metadata> read_metadata(calls_face& calls, int at, const char* name, int flags) noexcept;

}  // namespace pelton
