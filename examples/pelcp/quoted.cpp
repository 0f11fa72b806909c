#include <pelton/examples/pelcp/quoted.hpp>

#include <fmt/format.h>

#include <cwchar>
#include <cwctype>

namespace pelcp {
namespace {

// How many bytes at the start of `text` are one character that can be printed; 0 for none.
std::size_t printable_prefix(std::string_view text) {
    std::mbstate_t state{};
    wchar_t one = 0;
    const auto bytes = std::mbrtowc(&one, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size() || std::iswprint(static_cast<std::wint_t>(one)) == 0) {
        return 0;
    }
    return bytes;
}

std::string escaped(unsigned char byte) {
    constexpr std::string_view with_letter = "\a\b\f\n\r\t\v";
    const auto letter = with_letter.find(static_cast<char>(byte));
    return letter == std::string_view::npos ? fmt::format("\\{:03o}", byte)
                                            : fmt::format("\\{}", "abfnrtv"[letter]);
}

// Whether double quotes around `name` need no escape inside.
bool fits_double_quotes(std::string_view name) {
    if (name.find_first_of("\"$`\\!") != std::string_view::npos) {
        return false;
    }
    while (!name.empty()) {
        const auto bytes = printable_prefix(name);
        if (bytes == 0) {
            return false;
        }
        name.remove_prefix(bytes);
    }
    return true;
}

}  // namespace

std::string in_quotes(std::string_view name) {
    if (name.find('\'') != std::string_view::npos && fits_double_quotes(name)) {
        return fmt::format("\"{}\"", name);
    }
    std::string text = "'";
    bool escaping = false;  // inside $'...'
    while (!name.empty()) {
        const auto bytes = printable_prefix(name);
        if (bytes == 0) {
            text += escaping ? "" : "'$'";
            escaping = true;
            text += escaped(static_cast<unsigned char>(name.front()));
        } else {
            const bool is_quote = name.front() == '\'';
            text += escaping && !is_quote ? "''" : "";
            escaping = false;
            text += is_quote ? std::string_view("'\\''") : name.substr(0, bytes);
        }
        name.remove_prefix(bytes == 0 ? 1 : bytes);
    }
    return text + "'";
}

}  // namespace pelcp
