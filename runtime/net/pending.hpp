// A coroutine that counts as a pending operation of a target as long as it runs, also while it
// waits for something other than the kernel.
#pragma once

#include <pelton/runtime/op/target.hpp>

namespace pelton {

class pending {
public:
    explicit pending(target& on) noexcept : on_(on) { on_.enter(); }
    pending(const pending&) = delete;
    pending& operator=(const pending&) = delete;
    ~pending() { on_.leave(); }

private:
    target& on_;
};

}  // namespace pelton
