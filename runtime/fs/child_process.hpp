// A program run as a child of this process.
//
//   pelton::command sort("sort", {"-n"});
//   sort.input = both->out.descriptor();
//   auto child = co_await pelton::child_process::spawn(here, sort);
//   auto ended = co_await child->wait();
//   if (ended && ended->code == 0) ...
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pelton {

struct command {
    explicit command(std::string program_to_run, std::vector<std::string> with = {})
        : program(std::move(program_to_run)), arguments(std::move(with)) {}

    std::string program;                                // a path, or a name to look for in PATH
    std::vector<std::string> arguments;                 // without the program's own name
    std::optional<std::vector<std::string>> variables;  // "NAME=value"; nothing: our own
    std::string directory;                              // where it starts; empty: where we are
    // Descriptors that it finds as 0, 1 and 2; -1: our own. Of the others it gets only those that
    // are not close-on-exec, and all of Pelton's are.
    int input = -1;
    int output = -1;
    int errors = -1;
};

// How a process ended.
struct exit_status {
    int code = 0;    // what it returned, when it ended by itself
    int signal = 0;  // which ended it, or 0
    bool dumped_core = false;

    bool succeeded() const noexcept { return code == 0 && signal == 0; }
};

class [[nodiscard]] child_process {
public:
    // Starts it, with the signals' default actions and none blocked. ENOENT: no such program. One
    // that was started although a stop was asked for is yielded. `what` must outlive the await.
    static task<result<child_process>> spawn(shard& here, const command& what);

    child_process(child_process&&) noexcept = default;
    child_process& operator=(child_process&& other) noexcept;
    // A child that nobody has waited for goes on, and leaves a zombie when it ends before we do.
    ~child_process() { drop(); }

    // Until it has ended; said again to whoever asks again. A stop request ends the wait and not
    // the child. One task at a time. ECHILD: somebody else has waited for it.
    task<result<exit_status>> wait();

    // kill(2), here and now; never another process, even if this one has ended. ESRCH: it has been
    // waited for.
    result<void> send_signal(int signal) noexcept;

    int id() const noexcept { return process_; }

private:
    child_process(shard& here, int process, int descriptor) noexcept
        : home_(&here), process_(process), on_(descriptor) {}
    void drop() noexcept;

    shard* home_;
    int process_;
    target on_;  // the process's descriptor, pidfd_open(2)
    std::optional<exit_status> ended_;
};

}  // namespace pelton
