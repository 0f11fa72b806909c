#include <pelton/runtime/kernel/blocking_pool.hpp>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pelton {

blocking_pool::blocking_pool(unsigned threads_max) : threads_max_(std::max(threads_max, 1U)) {
    threads_.reserve(threads_max_);
}

blocking_pool::~blocking_pool() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    work_came_.notify_all();
    for (auto& thread : threads_) {
        thread.join();
    }
}

result<void> blocking_pool::submit(blocking_job& job) noexcept {
    const std::lock_guard lock(mutex_);
    if (queued_ >= idle_ && threads_.size() < threads_max_ && !start_thread() && threads_.empty()) {
        return failure(EAGAIN);
    }
    job.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &job;
    last_ = &job;
    ++queued_;
    work_came_.notify_one();
    return {};
}

unsigned blocking_pool::started() const noexcept {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(threads_.size());
}

// Signals are for the program's own threads: a thread that runs a blocking call takes none, or
// handlers would run where nobody expects them.
bool blocking_pool::start_thread() noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
        threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
        started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

void blocking_pool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        while (first_ == nullptr && !closing_) {
            ++idle_;
            work_came_.wait(lock);
            --idle_;
        }
        if (first_ == nullptr) {
            return;
        }
        auto& job = *first_;
        first_ = job.next;
        --queued_;
        lock.unlock();
        job.run();
        job.finished();
        lock.lock();
    }
}

}  // namespace pelton
