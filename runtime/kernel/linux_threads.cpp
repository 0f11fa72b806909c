// The threads of the calls face, on a real kernel.
#include <pelton/runtime/kernel/calls.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#if defined(__SANITIZE_THREAD__)
#define PELTON_SANITIZER_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PELTON_SANITIZER_THREADS 1
#endif
#endif
#ifndef PELTON_SANITIZER_THREADS
#define PELTON_SANITIZER_THREADS 0
#endif

namespace pelton {
namespace {

// Signals are for the program's own threads: handlers would run where nobody expects them.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;
    ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

class joined_thread final : public running_thread {
public:
    joined_thread(void (*body)(void*) noexcept, void* context) {
        const signals_blocked meanwhile;
        thread_ = std::thread(body, context);
    }
    ~joined_thread() override { thread_.join(); }

private:
    std::thread thread_;
};

class ticker final : public ticking_thread {
public:
    ticker(bool (*tick)(void*) noexcept, void* context, std::uint64_t period_ns)
        : tick_(tick), context_(context), period_(period_ns) {
        const signals_blocked meanwhile;
        thread_ = std::thread([this] { work(); });
    }
    ~ticker() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        woken_.notify_all();
        thread_.join();
    }
    void nudge() noexcept override {
        {
            const std::lock_guard lock(mutex_);
            nudged_ = true;
        }
        woken_.notify_all();
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            // A fixed moment, so that spurious wake-ups do not stretch the period.
            const auto next = std::chrono::steady_clock::now() + period_;
            while (!ending_ && woken_.wait_until(lock, next) != std::cv_status::timeout) {
            }
            if (ending_) {
                return;
            }
            lock.unlock();
            const bool awake = tick_(context_);
            lock.lock();
            while (!awake && !nudged_ && !ending_) {
                woken_.wait(lock);
            }
            nudged_ = false;
        }
    }

    // Constant after construction
    bool (*tick_)(void*) noexcept;
    void* context_;
    std::chrono::nanoseconds period_;

    // Any thread, under the mutex
    std::mutex mutex_;
    std::condition_variable woken_;
    bool nudged_ = false;
    bool ending_ = false;
    std::thread thread_;
};

// A worker of io_uring's is listed as a thread of ours, and is none.
bool is_kernel_worker(int tasks, const char* id) noexcept {
    std::array<char, 300> path{};
    std::snprintf(path.data(), path.size(), "%s/comm", id);
    const int name = ::openat(tasks, path.data(), O_RDONLY | O_CLOEXEC);
    if (name < 0) {
        return true;  // it has ended
    }
    std::array<char, 32> text{};
    const auto got = ::read(name, text.data(), text.size());
    ::close(name);
    return got > 0 &&
           std::string_view(text.data(), static_cast<std::size_t>(got)).starts_with("iou-");
}

}  // namespace

running_thread* calls_face::start_thread(void (*body)(void*) noexcept, void* context) {
    return std::make_unique<joined_thread>(body, context).release();
}

ticking_thread* calls_face::start_ticker(bool (*tick)(void*) noexcept, void* context,
                                         std::uint64_t period_ns) {
    return std::make_unique<ticker>(tick, context, period_ns).release();
}

std::vector<unsigned> calls_face::cores() {
    std::vector<unsigned> allowed;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
            if (CPU_ISSET(core, &set)) {
                allowed.push_back(core);
            }
        }
    }
    return allowed;
}

result<void> calls_face::pin_this_thread(unsigned core) noexcept {
    if (core >= CPU_SETSIZE) {
        return failure(EINVAL);
    }
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    if (sched_setaffinity(0, sizeof(only), &only) != 0) {
        return failure(errno);
    }
    return {};
}

std::optional<unsigned> calls_face::threads_of_process() noexcept {
    auto* tasks = ::opendir("/proc/self/task");
    if (tasks == nullptr) {
        return std::nullopt;
    }
    unsigned count = 0;
    while (const auto* each = ::readdir(tasks)) {
        count += each->d_name[0] != '.' && !is_kernel_worker(::dirfd(tasks), each->d_name) ? 1 : 0;
    }
    ::closedir(tasks);
    // ThreadSanitizer has a thread of its own.
    return count - (PELTON_SANITIZER_THREADS != 0 && count > 1 ? 1 : 0);
}

}  // namespace pelton
