// Sees from another thread when a task computes for so long that its shard does nothing else.
//
// It looks every quarter of the threshold, and not at all while every shard sleeps.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pelton {

class shard;

class stall_watch {
public:
    // Watches `shards`, which must outlive it and have not run yet. Throws std::system_error when
    // no thread can be started.
    stall_watch(calls_face& calls, std::span<shard* const> shards, std::uint64_t threshold_ns);
    stall_watch(const stall_watch&) = delete;
    stall_watch& operator=(const stall_watch&) = delete;
    ~stall_watch();

    // Each shard, after a sleep.
    void shard_woke() noexcept {
        if (dozing_.load()) [[unlikely]] {
            wake();
        }
    }

private:
    struct seen {
        shard* of;
        std::uint64_t beat = 0;
        std::uint64_t since_ns = 0;
        bool told = false;
    };

    bool look() noexcept;
    void look_at(seen& one, std::uint64_t now_ns) noexcept;
    bool all_sleep() const noexcept;
    void wake() noexcept;

    calls_face& calls_;
    std::uint64_t threshold_ns_;
    std::vector<seen> shards_;  // the ticker's
    std::atomic<bool> dozing_{false};
    std::unique_ptr<ticking_thread> ticker_;
};

}  // namespace pelton
