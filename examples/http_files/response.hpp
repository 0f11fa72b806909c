// What goes back to a client: a status, header fields, and a short text or part of a file.
#pragma once

#include <pelton/examples/http_files/request.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace http_files {

struct response {
    explicit response(unsigned with_status) noexcept : status(with_status) {}

    unsigned status;
    std::string fields;  // lines, each with its end
    std::string text;
    std::optional<pelton::file> content;  // instead of the text
    std::uint64_t from = 0;               // which bytes of it
    std::uint64_t bytes = 0;

    void add(std::string_view name, std::string_view value);

    // The status line and all fields. Whether there is content at all is also the request's matter.
    std::string head(const request& asked) const;
};

// An answer that only says its status.
response plain_answer(unsigned status);

}  // namespace http_files
