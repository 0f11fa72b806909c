// Why a host name could not be turned into addresses, as an error code whose message is a sentence.
#pragma once

#include <system_error>

namespace pelton {

// `code` is one of netdb.h's EAI_ numbers, as getaddrinfo(3) returns them; the error's value() is
// the same number. EAI_AGAIN compares equal to std::errc::resource_unavailable_try_again,
// EAI_MEMORY to not_enough_memory; the others to no errno.
std::error_code unresolved(int code) noexcept;

// EAI_NONAME: no such name.
std::error_code unknown_name() noexcept;

}  // namespace pelton
