// What brings something in by itself, and the one task that may wait for it.
#pragma once

#include <pelton/runtime/outcome/fatal.hpp>

#include <utility>

namespace pelton {

// Who waits for something to arrive, one at a time.
class arrival_waiter {
public:
    // There is something, or nothing more will come by itself. Makes things ready, resumes nothing.
    virtual void something_arrived() noexcept = 0;

protected:
    ~arrival_waiter() = default;
};

class arrival_source {
public:
    // Null when nobody waits any more. A second one at once ends the process: the first would never
    // hear of anything.
    void set_waiter(arrival_waiter* one) noexcept {
        check(one == nullptr || waiter_ == nullptr,
              "two tasks wait for what one inflow or listener brings: let one task read");
        waiter_ = one;
    }

protected:
    arrival_source() noexcept = default;
    ~arrival_source() = default;

    // Once: who waits on says so again.
    void tell_waiter() noexcept {
        if (waiter_ != nullptr) {
            std::exchange(waiter_, nullptr)->something_arrived();
        }
    }

private:
    arrival_waiter* waiter_ = nullptr;
};

}  // namespace pelton
