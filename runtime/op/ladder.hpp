// Which opcode carries some areas: the ring's knowledge of registered memory meets the target's
// rules here.
//
//   one area, registered                      READ_FIXED
//   several, in one registered arena          READV_FIXED, on targets that take it (Linux 6.15)
//   one area                                  READ
//   several                                   READV
//
// and the same for writes. An opcode the kernel lacks falls to the next; without READV one area at
// a time is transferred, which the caller sees as a short transfer.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <cstdint>

namespace pelton {

enum class direction : std::uint8_t { reading, writing };

enum class rung : std::uint8_t { put_off, fixed, plain };

// Fills `sqe` for a transfer at `at` (target::no_position for streams). `put_off`, with nothing
// filled, when a cut view needs more scratch than the ring has before its next enter. At most 1024
// areas and 2^31 - 4096 bytes are transferred by one operation; the rest is a short transfer.
rung prepare_transfer(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                      const areas& memory, std::uint64_t at) noexcept;

// The same for one area and without registered memory, which not every flag of a write allows.
rung prepare_unregistered(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                          area one, std::uint64_t at) noexcept;

// The array that an SQE may point at until the next enter: the view's own entries when none is cut,
// else a copy in the ring's scratch. `array` is null when there is no room for one now.
struct lowered {
    const area* array = nullptr;
    unsigned count = 0;
};
lowered lower(const areas& memory, ring& queues) noexcept;

}  // namespace pelton
