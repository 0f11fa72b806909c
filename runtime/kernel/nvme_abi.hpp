// NVMe commands as Linux passes them through, for headers of any age: linux/nvme_ioctl.h, and of
// the NVM Express specifications (base 2.0, NVM command set 1.0) what is used here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pelton::abi {

// struct nvme_uring_cmd. What goes to the controller as it is, without the places of its data.
struct nvme_command {
    std::uint8_t opcode;
    std::uint8_t flags;
    std::uint16_t reserved;
    std::uint32_t namespace_id;
    std::uint32_t word2;
    std::uint32_t word3;
    std::uint64_t metadata;
    std::uint64_t data;  // an address; of a vector, that of its first iovec
    std::uint32_t metadata_bytes;
    std::uint32_t data_length;  // in bytes; of a vector, in iovecs
    std::uint32_t word10;
    std::uint32_t word11;
    std::uint32_t word12;
    std::uint32_t word13;
    std::uint32_t word14;
    std::uint32_t word15;
    std::uint32_t timeout_ms;  // 0: the kernel's own
    std::uint32_t reserved_too;
};
static_assert(sizeof(nvme_command) == 72 && offsetof(nvme_command, word10) == 40);

// What IORING_OP_URING_CMD asks of a generic namespace device (_IOWR('N', 0x80 and 0x81, struct
// nvme_uring_cmd), 5.19), and that the memory is a registered buffer (sqe.uring_cmd_flags, 6.1; for
// a part of a large one it works from 6.16 on).
inline constexpr unsigned nvme_io = 0xc048'4e80;
inline constexpr unsigned nvme_io_vector = 0xc048'4e81;
inline constexpr unsigned uring_cmd_fixed = 1U << 0;

inline constexpr std::uint8_t nvme_flush = 0x00;
inline constexpr std::uint8_t nvme_write = 0x01;
inline constexpr std::uint8_t nvme_read = 0x02;
inline constexpr std::uint8_t nvme_admin_identify = 0x06;

// What Identify fills, and whom it asks (its word 10).
inline constexpr std::size_t nvme_identify_bytes = 4096;
inline constexpr std::uint32_t nvme_identify_namespace = 0;
inline constexpr std::uint32_t nvme_identify_controller = 1;

// A read or write moves at most this many blocks: their number less one has 16 bits.
inline constexpr std::uint64_t nvme_blocks_max = 65536;

}  // namespace pelton::abi
