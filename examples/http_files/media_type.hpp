// What a file is, by the end of its name.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace http_files {

inline std::string_view media_type(std::string_view path) noexcept {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 16> known{{
        {".css", "text/css; charset=utf-8"},
        {".gif", "image/gif"},
        {".htm", "text/html; charset=utf-8"},
        {".html", "text/html; charset=utf-8"},
        {".ico", "image/vnd.microsoft.icon"},
        {".jpeg", "image/jpeg"},
        {".jpg", "image/jpeg"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".mp4", "video/mp4"},
        {".pdf", "application/pdf"},
        {".png", "image/png"},
        {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
        {".wasm", "application/wasm"},
        {".webp", "image/webp"},
    }};
    for (const auto& [ending, type] : known) {
        if (path.ends_with(ending)) {
            return type;
        }
    }
    return "application/octet-stream";
}

}  // namespace http_files
