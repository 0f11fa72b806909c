#include <pelton/runtime/fs/child_process.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/op/wait_for_process.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

using pointers = std::vector<const char*>;

bool has_zero_byte(const std::string& text) noexcept {
    return text.find('\0') != std::string::npos;
}

bool makes_sense(const command& what) noexcept {
    const auto& variables = what.variables;
    return !has_zero_byte(what.program) && !has_zero_byte(what.directory) &&
           std::ranges::none_of(what.arguments, has_zero_byte) &&
           (!variables || std::ranges::none_of(*variables, has_zero_byte));
}

void append(pointers& into, const std::vector<std::string>& texts) {
    for (const auto& each : texts) {
        into.push_back(each.c_str());
    }
    into.push_back(nullptr);
}

exit_status status_of(const siginfo_t& told) noexcept {
    exit_status status;
    if (told.si_code == CLD_EXITED) {
        status.code = told.si_status;
    } else {
        status.signal = told.si_status;
        status.dumped_core = told.si_code == CLD_DUMPED;
    }
    return status;
}

task<result<void>> until_ended(shard& here, int descriptor, siginfo_t& told) {
    if (here.known().has(feature::waitid)) {
        co_return co_await wait_for_process(here, descriptor, told);
    }
    const auto ready = co_await poll_operation(here, descriptor, POLLIN);
    if (!ready) {
        co_return std::unexpected(ready.error());
    }
    co_return here.calls().waitid(descriptor, told, WEXITED | WNOHANG);
}

}  // namespace

task<result<child_process>> child_process::spawn(shard& here, const command& what) {
    if (!makes_sense(what)) {
        co_return failure(EINVAL);
    }
    pointers arguments{what.program.c_str()};
    append(arguments, what.arguments);
    pointers variables;
    if (what.variables) {
        append(variables, *what.variables);
    }
    const spawn_how how{what.program.c_str(),
                        arguments.data(),
                        what.variables ? variables.data() : nullptr,
                        what.directory.empty() ? nullptr : what.directory.c_str(),
                        {what.input, what.output, what.errors}};
    auto call = [&calls = here.calls(), &how] { return calls.spawn(how); };
    const auto started = co_await on_thread(here, call);
    if (!started) {
        co_return std::unexpected(started.error());
    }
    co_return child_process(here, started->process, started->descriptor);
}

child_process& child_process::operator=(child_process&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        process_ = other.process_;
        on_ = std::move(other.on_);
        ended_ = other.ended_;
    }
    return *this;
}

void child_process::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (!ended_) {
        // One that has ended already need not stay a zombie.
        siginfo_t told{};
        static_cast<void>(home_->calls().waitid(on_.descriptor(), told, WEXITED | WNOHANG));
    }
    static_cast<void>(home_->calls().close(on_.release()));
}

task<result<exit_status>> child_process::wait() {
    if (!ended_) {
        const target::use pending(on_);
        siginfo_t told{};
        const auto waited = co_await until_ended(*home_, on_.descriptor(), told);
        if (!waited) {
            co_return std::unexpected(waited.error());
        }
        ended_ = status_of(told);
    }
    co_return *ended_;
}

result<void> child_process::send_signal(int signal) noexcept {
    if (ended_) {
        return failure(ESRCH);
    }
    return home_->calls().pidfd_send_signal(on_.descriptor(), signal);
}

}  // namespace pelton
