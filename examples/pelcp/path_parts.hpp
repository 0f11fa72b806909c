// Where a path is cut into a directory and a name in it.
#pragma once

#include <string>
#include <string_view>

namespace pelcp {

// The last part, which names a copy in its target directory. "." where that is no name of its own
// ("/", "..", "."): the contents then go into the directory itself.
std::string last_part(std::string_view path);

// What is before the last part; "." when nothing is.
std::string parent_part(std::string_view path);

}  // namespace pelcp
