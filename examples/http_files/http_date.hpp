// Times as HTTP writes them: "Sun, 06 Nov 1994 08:49:37 GMT", whole seconds.
#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace http_files {

std::string http_date(std::time_t when);

// Also the two older forms that a server must still read (RFC 9110, 5.6.7).
std::optional<std::time_t> parse_http_date(const std::string& text);

}  // namespace http_files
