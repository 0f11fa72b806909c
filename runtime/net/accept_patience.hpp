// How long a listener waits after an accept that failed, if at all.
#pragma once

#include <chrono>
#include <optional>
#include <system_error>

namespace pelton {

// What serve() does after an accept that failed.
class accept_patience {
public:
    static constexpr std::chrono::milliseconds first_pause{10};
    static constexpr std::chrono::milliseconds longest_pause{1000};

    // How long to wait before the next accept: nothing when only that one connection failed, more
    // each time while descriptors or memory are missing, and no value when the listener is broken.
    std::optional<std::chrono::milliseconds> after(std::error_code error) noexcept;

    void succeeded() noexcept { next_pause_ = first_pause; }
    // Whether the shortage has just begun: it is told once, not at every try.
    bool is_first() const noexcept { return next_pause_ == 2 * first_pause; }

private:
    std::chrono::milliseconds next_pause_ = first_pause;
};

}  // namespace pelton
