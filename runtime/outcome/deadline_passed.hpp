// Why something ended that was given so much time and no more.
#pragma once

#include <system_error>

namespace pelton {

// The deadline of a with_timeout() passed and ended it. Compares equal to std::errc::timed_out, as
// a connection's own ETIMEDOUT does; only this one compares equal to deadline_passed().
std::error_code deadline_passed() noexcept;

}  // namespace pelton
