// Why a receive that wanted a certain number of bytes got fewer: the peer sends no more.
#pragma once

#include <system_error>

namespace pelton {

// The peer ended its side in order, before all the bytes that were asked for had come. No errno
// compares equal to it, so it is never taken for a connection that broke.
std::error_code end_of_stream() noexcept;

}  // namespace pelton
