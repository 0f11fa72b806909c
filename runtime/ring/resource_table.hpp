// Layouts of the kernel's registration arguments for buffers and files: io_uring_register(2).
// Debian 12's header has them under other names than later ones, so they are spelled here.
#pragma once

#include <cstdint>

namespace pelton {

struct resources_register {
    std::uint32_t count;
    std::uint32_t flags;
    std::uint64_t reserved;
    std::uint64_t data;
    std::uint64_t tags;
};
struct resources_update {
    std::uint32_t offset;
    std::uint32_t reserved;
    std::uint64_t data;
    std::uint64_t tags;
    std::uint32_t count;
    std::uint32_t reserved_too;
};
struct buffers_clone {
    std::uint32_t from;
    std::uint32_t flags;
    std::uint32_t from_offset;
    std::uint32_t into_offset;
    std::uint32_t count;  // 0: all
    std::uint32_t padding[3];
};
static_assert(sizeof(resources_register) == 32 && sizeof(resources_update) == 32);
static_assert(sizeof(buffers_clone) == 32);

}  // namespace pelton
