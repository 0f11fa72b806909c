// What a constructor throws when a call it depends on is refused.
#pragma once

#include <string>
#include <system_error>

namespace pelton {

// `errno_value` is positive. `what` names the call and, where there is one, the remedy.
[[noreturn]] inline void throw_failed_call(int errno_value, const std::string& what) {
    throw std::system_error(errno_value, std::system_category(), what);
}

}  // namespace pelton
