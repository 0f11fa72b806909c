// Why an atomic write was refused, as an error code whose message is a whole sentence.
#pragma once

#include <cstdint>
#include <system_error>

namespace pelton {

enum class not_atomic_part : std::uint8_t {
    kernel = 1,   // has no RWF_ATOMIC
    file = 2,     // is not one that can
    areas = 3,    // are several
    length = 4,   // is none that the file takes
    position = 5  // is no multiple of the length
};

// `least` and `most`, powers of two, are bytes that the message names: for a length, which ones the
// file takes; for a position, `least` is the length. Compares equal to
// std::errc::operation_not_supported for kernel and file, to std::errc::invalid_argument for the
// rest.
std::error_code not_atomic(not_atomic_part part, std::uint32_t least = 1,
                           std::uint32_t most = 1) noexcept;

}  // namespace pelton
