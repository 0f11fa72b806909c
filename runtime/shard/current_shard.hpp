// Notes which shard the calling thread runs, for as long as it lives; one run may be inside
// another.
#pragma once

#include <utility>

namespace pelton {

class shard;

class current_shard {
public:
    explicit current_shard(shard& one) noexcept : before_(std::exchange(of_thread, &one)) {}
    current_shard(const current_shard&) = delete;
    current_shard& operator=(const current_shard&) = delete;
    ~current_shard() { of_thread = before_; }

    static inline constinit thread_local shard* of_thread = nullptr;

private:
    shard* before_;
};

}  // namespace pelton
