// posix_spawn(3), which has no member that could be called directly: the file actions and
// attributes it takes own memory.
#include <pelton/runtime/kernel/answer.hpp>
#include <pelton/runtime/kernel/linux_transfer_calls.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace pelton {
namespace {

class spawn_setting {
public:
    spawn_setting() noexcept {
        note(posix_spawn_file_actions_init(&actions_));
        note(posix_spawnattr_init(&attributes_));
    }
    spawn_setting(const spawn_setting&) = delete;
    spawn_setting& operator=(const spawn_setting&) = delete;
    ~spawn_setting() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    // A runtime's threads may block or ignore signals that the new program relies on.
    void default_signals() noexcept {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        note(posix_spawnattr_setsigmask(&attributes_, &none));
        note(posix_spawnattr_setsigdefault(&attributes_, &all));
        note(
            posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    }
    void directory(const char* path) noexcept {
        note(posix_spawn_file_actions_addchdir_np(&actions_, path));
    }
    void duplicate(int from, int into) noexcept {
        note(posix_spawn_file_actions_adddup2(&actions_, from, into));
    }

    int error() const noexcept { return error_; }
    const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
    const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

private:
    void note(int error) noexcept { error_ = error_ != 0 ? error_ : error; }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    int error_ = 0;
};

// Copies of descriptors that would be overwritten while their numbers are still to be read: with
// {1, 0, 2} the first duplication would already take away what the second one wants.
class moved_away {
public:
    moved_away() noexcept = default;
    moved_away(const moved_away&) = delete;
    moved_away& operator=(const moved_away&) = delete;
    ~moved_away() {
        for (const int each : copies_) {
            if (each >= 0) {
                ::close(each);
            }
        }
    }
    result<int> keep(std::size_t index, int descriptor) noexcept {
        const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
        if (copy < 0) {
            return failure(errno);
        }
        copies_[index] = copy;
        return copy;
    }

private:
    std::array<int, 3> copies_{-1, -1, -1};
};

result<int> start(const spawn_how& how, const spawn_setting& setting) noexcept {
    pid_t process = 0;
    const auto* variables = how.variables != nullptr ? how.variables : environ;
    const int error =
        posix_spawnp(&process, how.program, setting.actions(), setting.attributes(),
                     const_cast<char* const*>(how.arguments), const_cast<char* const*>(variables));
    if (error != 0) {
        return failure(error);
    }
    return process;
}

}  // namespace

result<spawned> linux_transfer_calls::spawn(const spawn_how& how) noexcept {
    spawn_setting setting;
    moved_away copies;
    setting.default_signals();
    if (how.directory != nullptr) {
        setting.directory(how.directory);
    }
    for (std::size_t i = 0; i < how.standard.size(); ++i) {
        if (how.standard[i] < 0) {
            continue;
        }
        const auto copy = copies.keep(i, how.standard[i]);
        if (!copy) {
            return std::unexpected(copy.error());
        }
        setting.duplicate(*copy, static_cast<int>(i));
    }
    if (setting.error() != 0) {
        return failure(setting.error());
    }
    const auto process = start(how, setting);
    if (!process) {
        return std::unexpected(process.error());
    }
    // Ours until it is waited for, so the number still means this process.
    const auto descriptor = value_of<int>([&] { return syscall(SYS_pidfd_open, *process, 0); });
    if (!descriptor) {
        // Nobody could wait for it or end it: better that it had not been started.
        ::kill(*process, SIGKILL);
        static_cast<void>(value_of<int>([&] { return ::waitpid(*process, nullptr, 0); }));
        return std::unexpected(descriptor.error());
    }
    return spawned{*process, *descriptor};
}

}  // namespace pelton
