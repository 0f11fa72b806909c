// Telling whoever reads standard error.
#pragma once

#include <string_view>

namespace pelton {

// Writes `text` as it is. What cannot be written, to a full disk or where standard error was
// closed, is lost: there is nobody else to tell, and a server must not end for want of a listener.
void say(std::string_view text) noexcept;

}  // namespace pelton
