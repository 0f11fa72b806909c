// A descriptor's place in a ring's table of open files, given back when this dies.
//
// The table holds the file itself: what closes the descriptor gives the place back first, or the
// file, the socket, stays open.
//
// Thread: the ring's.
#pragma once

#include <utility>

namespace pelton {

class ring;

class registered_descriptor {
public:
    registered_descriptor() noexcept = default;
    // Empty when the kernel or the ring's table has no place for it.
    registered_descriptor(ring& queues, int descriptor) noexcept;
    registered_descriptor(registered_descriptor&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), place_(other.place_) {}
    registered_descriptor& operator=(registered_descriptor&& other) noexcept {
        std::swap(of_, other.of_);
        std::swap(place_, other.place_);
        return *this;
    }
    ~registered_descriptor() { give_back(); }

    void give_back() noexcept {
        if (of_ != nullptr) {
            leave_table();
        }
    }

    explicit operator bool() const noexcept { return of_ != nullptr; }
    // Only this ring knows it by its place.
    bool known_to(const ring& queues) const noexcept { return of_ == &queues; }
    int place() const noexcept { return place_; }

private:
    void leave_table() noexcept;

    ring* of_ = nullptr;
    int place_ = -1;
};

}  // namespace pelton
