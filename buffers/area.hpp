// One fragment of memory: where it starts and how long it is. Nothing else.
//
// An area knows no lock, count, registration or operation, and has no alignment rule: alignment
// belongs to what the bytes are read from or written to. Its layout is that of struct iovec, so
// that an array of areas *is* the array the kernel reads.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <type_traits>

namespace pelton {

struct area {
    std::byte* start = nullptr;
    std::size_t length = 0;

    friend constexpr bool operator==(const area&, const area&) = default;
};

static_assert(std::is_standard_layout_v<area> && std::is_trivially_copyable_v<area>);
static_assert(sizeof(area) == sizeof(iovec) && alignof(area) == alignof(iovec));
static_assert(offsetof(area, start) == offsetof(iovec, iov_base));
static_assert(offsetof(area, length) == offsetof(iovec, iov_len));

}  // namespace pelton
