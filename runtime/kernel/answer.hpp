// From the C library's convention, -1 and errno, to a result. For linux_calls.cpp alone.
#pragma once

#include <pelton/runtime/outcome/result.hpp>

#include <cerrno>
#include <cstddef>

namespace pelton {

// Makes the call again for as long as a signal interrupts it.
template <class T = std::size_t, class Call>
result<T> value_of(Call&& call) noexcept {
    for (;;) {
        const auto returned = call();
        if (returned >= 0) {
            return static_cast<T>(returned);
        }
        if (errno != EINTR) {
            return failure(errno);
        }
    }
}

template <class Call>
result<void> success_of(Call&& call) noexcept {
    auto done = value_of<int>(call);
    if (!done) {
        return std::unexpected(done.error());
    }
    return {};
}

}  // namespace pelton
