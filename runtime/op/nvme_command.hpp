// What an NVMe namespace is, and the commands that read, write and flush it.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/kernel/nvme_abi.hpp>
#include <pelton/runtime/op/ladder.hpp>

#include <cstddef>
#include <cstdint>

namespace pelton {

struct nvme_shape {
    std::uint32_t id = 0;           // of the namespace
    std::uint32_t block_bytes = 0;  // a power of two
    std::uint64_t blocks = 0;       // that it has
    // One command moves at most this many bytes: the controller's limit. The kernel's own may be
    // lower (EINVAL); it takes 127 pieces of memory that lie apart, so 508 KiB of single pages.
    std::size_t transfer_bytes_max = 0;
};

struct nvme_request {
    nvme_way way = nvme_way::io;
    abi::nvme_command words{};
};

// One read or write of all of `memory`, which is whole blocks and is contiguous or whole(), with at
// most abi::iovec_max areas. Its array must live until the command ends: where the kernel has to
// begin it on a thread of its own, it reads the array there.
inline nvme_request transfer_request(direction way, const nvme_shape& on, const areas& memory,
                                     std::uint64_t at) noexcept {
    nvme_request made;
    auto& words = made.words;
    words.opcode = way == direction::reading ? abi::nvme_read : abi::nvme_write;
    words.namespace_id = on.id;
    if (memory.contiguous()) {
        words.data = reinterpret_cast<std::uint64_t>(memory.address());
        words.data_length = static_cast<std::uint32_t>(memory.bytes());
    } else {
        made.way = nvme_way::io_vector;
        words.data = reinterpret_cast<std::uint64_t>(memory.array());
        words.data_length = static_cast<std::uint32_t>(memory.count());
    }
    const std::uint64_t first = at / on.block_bytes;
    words.word10 = static_cast<std::uint32_t>(first);
    words.word11 = static_cast<std::uint32_t>(first >> 32);
    words.word12 = static_cast<std::uint32_t>(memory.bytes() / on.block_bytes - 1);
    return made;
}

inline nvme_request flush_request(const nvme_shape& on) noexcept {
    nvme_request made;
    made.words.opcode = abi::nvme_flush;
    made.words.namespace_id = on.id;
    return made;
}

}  // namespace pelton
