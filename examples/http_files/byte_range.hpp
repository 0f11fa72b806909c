// The Range field: which bytes of a file a client wants.
#pragma once

#include <cstdint>
#include <string_view>

namespace http_files {

struct byte_range {
    enum class kind : std::uint8_t {
        whole,    // none was asked for, or one that is not understood: the whole file, status 200
        part,     // status 206
        outside,  // nothing of the file: status 416
    };
    kind what = kind::whole;
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;
};

// "bytes=2-5", "bytes=2-", "bytes=-4" of a file of `size` bytes; clipped to its end. Several ranges
// are answered with the whole file, which the standard (RFC 9110, 14.2) allows.
byte_range parse_range(std::string_view field, std::uint64_t size) noexcept;

}  // namespace http_files
