// An open descriptor that closes itself.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

#include <utility>

namespace pelcp {

class descriptor {
public:
    descriptor() noexcept = default;
    descriptor(pelton::calls_face& calls, int number) noexcept : calls_(&calls), number_(number) {}
    descriptor(descriptor&& other) noexcept
        : calls_(other.calls_), number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(calls_, other.calls_);
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { static_cast<void>(close()); }

    explicit operator bool() const noexcept { return number_ >= 0; }
    int number() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

    // What close(2) says: the error of an earlier write may surface only here.
    pelton::result<void> close() noexcept {
        return number_ < 0 ? pelton::result<void>() : calls_->close(release());
    }

private:
    pelton::calls_face* calls_ = nullptr;
    int number_ = -1;
};

}  // namespace pelcp
