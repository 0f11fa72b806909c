// Threads for calls that block, on a real kernel.
//
// A thread starts when a job finds none idle and fewer than the limit run; it ends with the pool.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace pelton {

class blocking_pool final : public blocking_threads {
public:
    explicit blocking_pool(unsigned threads_max);
    ~blocking_pool() override;

    result<void> submit(blocking_job& job) noexcept override;
    unsigned started() const noexcept override;

private:
    void work();
    bool start_thread() noexcept;

    // Constant after construction
    unsigned threads_max_;

    // Any thread, under the mutex
    mutable std::mutex mutex_;
    std::condition_variable work_came_;
    blocking_job* first_ = nullptr;
    blocking_job* last_ = nullptr;
    std::size_t queued_ = 0;
    std::size_t idle_ = 0;
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace pelton
