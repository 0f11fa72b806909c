#include <pelton/runtime/kernel/linux_signals.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

namespace pelton::linux_signals {
namespace {

// What the handler reads: it may interrupt anything on any thread, so there is no lock to take.
std::array<std::atomic<signal_watch*>, 64> watches{};
std::atomic<int> handlers_running{0};
static_assert(std::atomic<signal_watch*>::is_always_lock_free);

struct disposition {
    bool ours = false;  // the handler is installed, and `before` was there
    struct sigaction before{};
};
std::mutex changes;  // of the dispositions, never taken in the handler
std::array<disposition, NSIG> dispositions;

void handle(int number) {
    const int errno_before = errno;
    handlers_running.fetch_add(1);
    for (auto& each : watches) {
        auto* one = each.load();
        if (one != nullptr && one->number == number) {
            one->arrivals.fetch_add(1);
            constexpr std::uint64_t rings = 1;
            // It fails only when the counter is full of rings, and then it has rung.
            [[maybe_unused]] const auto written = ::write(one->descriptor, &rings, sizeof(rings));
        }
    }
    handlers_running.fetch_sub(1);
    errno = errno_before;
}

// Makes what the process does with `number` fit those who watch it. `changes` is held.
int settle(int number) noexcept {
    bool watched = false;
    bool once = true;
    for (const auto& each : watches) {
        const auto* one = each.load();
        if (one != nullptr && one->number == number) {
            watched = true;
            once = once && one->once;
        }
    }
    auto& now = dispositions[static_cast<std::size_t>(number)];
    if (!watched) {
        const bool was_ours = std::exchange(now.ours, false);
        return was_ours ? ::sigaction(number, &now.before, nullptr) : 0;
    }
    struct sigaction before{};
    if (!now.ours && ::sigaction(number, nullptr, &before) != 0) {
        return -1;
    }
    if (!now.ours && once && before.sa_handler == SIG_IGN) {
        return 0;
    }
    struct sigaction ours{};
    ours.sa_handler = handle;
    ours.sa_flags = SA_RESTART | (once ? static_cast<int>(SA_RESETHAND) : 0);
    if (::sigemptyset(&ours.sa_mask) != 0 || ::sigaction(number, &ours, nullptr) != 0) {
        return -1;
    }
    if (!std::exchange(now.ours, true)) {
        now.before = before;
    }
    return 0;
}

void forget(signal_watch& one) noexcept {
    for (auto& each : watches) {
        auto* expected = &one;
        if (each.compare_exchange_strong(expected, nullptr)) {
            return;
        }
    }
}

}  // namespace

result<void> watch(signal_watch& one) noexcept {
    if (one.number <= 0 || one.number >= NSIG) {
        return failure(EINVAL);
    }
    const std::scoped_lock held(changes);
    for (auto& each : watches) {
        signal_watch* nobody = nullptr;
        if (each.compare_exchange_strong(nobody, &one)) {
            if (settle(one.number) == 0) {
                return {};
            }
            const int error = errno;
            each.store(nullptr);
            return failure(error);
        }
    }
    return failure(ENOBUFS);
}

void unwatch(signal_watch& one) noexcept {
    {
        const std::scoped_lock held(changes);
        forget(one);
        check(settle(one.number) == 0, "a signal's action could not be restored");
    }
    // A handler on another thread may still have found it.
    while (handlers_running.load() != 0) {
        ::sched_yield();
    }
}

}  // namespace pelton::linux_signals
