// Why a transfer of a file's or a device's own blocks was refused, as an error code whose message
// is a whole sentence.
#pragma once

#include <cstdint>
#include <system_error>

namespace pelton {

enum class misaligned_part : std::uint8_t { address = 1, length = 2, file_offset = 3 };

// Compares equal to std::errc::invalid_argument. Its message names the part, how far it is from the
// next multiple below, and the alignment the file asks for (a power of two, at most 1 GiB).
std::error_code misaligned(misaligned_part part, std::uint32_t alignment,
                           std::uint64_t value) noexcept;

// The same of an NVMe command: `direct` is what misaligned() made, or no error, which it stays.
std::error_code misaligned_command(std::error_code direct) noexcept;

}  // namespace pelton
