// From the target of a request to a path below the directory that is served.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace http_files {

struct resource_path {
    std::string below;     // "a/b c", never absolute, without ".."; "." is the root
    bool names_directory;  // the target ended in a slash, or in "." or ".."

    // As a target again, "/a/b%20c", safe inside a header field.
    std::string encoded() const;
};

// "/a/./b%20c?query", or with a scheme and a host before it. No value for what is no path: a broken
// %-sequence, a zero byte, ".." that leads above the root.
std::optional<resource_path> parse_target(std::string_view target);

}  // namespace http_files
