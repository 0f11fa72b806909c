// What an operation that may fail gives back: a value, or the kernel's own error.
//
// Operating errors are values and reach the caller with the real errno. Programmer errors are not
// here: they end the process (fatal.hpp). Constructors that cannot do their work throw
// std::system_error naming the call.
#pragma once

#include <expected>
#include <system_error>

namespace pelton {

// libstdc++ 12 has no transform/and_then on std::expected: portable code tests and dereferences.
template <class T>
using result = std::expected<T, std::error_code>;

// `errno_value` is positive, as in errno(3).
inline std::unexpected<std::error_code> failure(int errno_value) noexcept {
    return std::unexpected(std::error_code(errno_value, std::system_category()));
}

inline std::unexpected<std::error_code> failure(std::errc condition) noexcept {
    return failure(static_cast<int>(condition));
}

}  // namespace pelton
