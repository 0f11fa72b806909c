// Why a datagram was not received whole, as an error code whose message is a sentence.
#pragma once

#include <cstddef>
#include <system_error>

namespace pelton {

// A datagram of `bytes` bytes came into less memory, and what did not fit is lost. The error's
// value() is `bytes`; it compares equal to std::errc::message_size.
std::error_code truncated_datagram(std::size_t bytes) noexcept;

// Whether `error` is one.
bool is_truncated_datagram(std::error_code error) noexcept;

}  // namespace pelton
