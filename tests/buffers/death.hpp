// How a piece of code ends a process: by which signal, and with what sentence on standard error.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>

namespace pelton::test {

struct ending {
    int signal = 0;  // 0 when the code returned
    std::string text;
};

inline void require_call(bool succeeded, const char* call) {
    if (!succeeded) {
        throw std::system_error(errno, std::system_category(), call);
    }
}

// In the child. The test framework's and the sanitizers' handlers would hide the signal.
template <class Code>
[[noreturn]] void run_to_the_end(Code& code, int errors) {
    const rlimit no_core{0, 0};
    bool ready = ::dup2(errors, STDERR_FILENO) >= 0 && ::setrlimit(RLIMIT_CORE, &no_core) == 0;
    for (const int each : {SIGABRT, SIGSEGV, SIGBUS}) {
        ready = ready && std::signal(each, SIG_DFL) != SIG_ERR;
    }
    if (ready) {
        code();
    }
    ::_exit(ready ? 0 : 1);
}

inline std::string read_all(int from) {
    std::string text;
    std::array<char, 512> part{};
    for (;;) {
        const auto got = ::read(from, part.data(), part.size());
        require_call(got >= 0 || errno == EINTR, "read");
        if (got == 0) {
            return text;
        }
        text.append(part.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
}

// Runs `code` in a child process. Arenas made before are not there in it: make them in `code`.
template <class Code>
ending ending_of(Code code) {
    std::array<int, 2> errors{};
    require_call(::pipe(errors.data()) == 0, "pipe");
    const auto child = ::fork();
    require_call(child >= 0, "fork");
    if (child == 0) {
        run_to_the_end(code, errors[1]);
    }
    require_call(::close(errors[1]) == 0, "close");
    ending end{.signal = 0, .text = read_all(errors[0])};
    require_call(::close(errors[0]) == 0, "close");
    int status = 0;
    require_call(::waitpid(child, &status, 0) == child, "waitpid");
    if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
    } else if (WEXITSTATUS(status) != 0) {
        end.text += "exit status " + std::to_string(WEXITSTATUS(status));
    }
    return end;
}

}  // namespace pelton::test
