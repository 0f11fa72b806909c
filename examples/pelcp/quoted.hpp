// A name as a shell would take it back: how cp shows names in its messages.
#pragma once

#include <string>
#include <string_view>

namespace pelcp {

// 'plain', "it's", 'new'$'\n''line'. Always in quotes; bytes that the locale cannot print become
// octal escapes.
std::string in_quotes(std::string_view name);

}  // namespace pelcp
