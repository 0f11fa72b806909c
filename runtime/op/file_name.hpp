// A name or path as the kernel takes it: bytes that end with a zero byte.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace pelton {

// Refers to text that must outlive the await. One with a zero byte inside is refused with EINVAL:
// the kernel would take its beginning for the whole.
class file_name {
public:
    file_name(const char* text) noexcept : text_(text) {}
    file_name(const std::string& text) noexcept
        : text_(text.find('\0') == std::string::npos ? text.c_str() : nullptr) {}

    const char* text() const noexcept { return text_; }

    // Why an operation with it is refused; an empty code when it is not.
    std::error_code refusal() const noexcept {
        return text_ == nullptr ? std::error_code(EINVAL, std::system_category())
                                : std::error_code();
    }

private:
    const char* text_;
};

}  // namespace pelton
