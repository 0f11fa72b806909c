#include <pelton/examples/http_files/byte_range.hpp>

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace http_files {

namespace {

// Only digits; a number too large for 64 bits is larger than any file.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) {
        return std::nullopt;
    }
    return error == std::errc{} ? value : UINT64_MAX;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (text.starts_with(' ') || text.starts_with('\t')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ') || text.ends_with('\t')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

byte_range parse_range(std::string_view field, std::uint64_t size) noexcept {
    const byte_range whole{byte_range::kind::whole, 0, size};
    const byte_range outside{byte_range::kind::outside, 0, 0};
    constexpr std::string_view unit = "bytes=";
    if (field.size() < unit.size() || strncasecmp(field.data(), unit.data(), unit.size()) != 0) {
        return whole;
    }
    const auto range = trimmed(field.substr(unit.size()));
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) {
        return whole;
    }
    const auto first_text = range.substr(0, dash);
    const auto last_text = range.substr(dash + 1);
    const auto first = parse_number(first_text);
    const auto last = parse_number(last_text);
    if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last) ||
        (first && last && *last < *first)) {
        return whole;
    }
    if (!first) {  // the last so many bytes
        const auto bytes = std::min(*last, size);
        return bytes == 0 ? outside : byte_range{byte_range::kind::part, size - bytes, bytes};
    }
    if (*first >= size) {
        return outside;
    }
    const auto end = last ? std::min(*last, size - 1) : size - 1;
    return {byte_range::kind::part, *first, end - *first + 1};
}

}  // namespace http_files
