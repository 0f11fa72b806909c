// Where the threads of several shards wait for each other, and learn the worst of what they found.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace pelton {

enum class finding : std::uint8_t {
    fine,
    no_memory,  // RLIMIT_MEMLOCK
    refused,    // for another reason; goes on without
    broken,     // cannot go on
};

// Callable from any thread.
class meeting {
public:
    explicit meeting(unsigned expected) noexcept : expected_(expected) {}

    // Blocks until everybody came; then says the worst of all findings of this time.
    finding come(finding mine) noexcept {
        std::unique_lock lock(mutex_);
        worst_ = std::max(worst_, mine);
        ++present_;
        if (present_ == expected_) {
            end();
            return last_;
        }
        const auto number = number_;
        while (number == number_) {
            ended_.wait(lock);
        }
        return last_;
    }

    // `count` of those that are expected will never come.
    void absent(unsigned count) noexcept {
        const std::lock_guard lock(mutex_);
        worst_ = finding::broken;
        expected_ -= count;
        if (present_ == expected_) {
            end();
        }
    }

private:
    void end() noexcept {
        last_ = std::exchange(worst_, finding::fine);
        present_ = 0;
        ++number_;
        ended_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable ended_;
    unsigned expected_;
    unsigned present_ = 0;
    unsigned number_ = 0;  // of meetings that have ended
    finding worst_ = finding::fine;
    finding last_ = finding::fine;
};

}  // namespace pelton
