// How the loop resumes when somebody watches for tasks that compute too long.
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelton {
namespace {

// Everything that is resumed is a coroutine of ours, whose promise begins with a promise_base: all
// of them lie at the same place in their frames (task_promise checks alignments).
const char* name_of(std::coroutine_handle<> resumed) noexcept {
    const auto ours = std::coroutine_handle<promise_base>::from_address(resumed.address());
    const auto* flow = ours.promise().on_strand();
    return flow != nullptr ? flow->name : "task";
}

}  // namespace

void loop::resume_watched(unsigned limit, pulse& beat) {
    resume_each(limit,
                [&beat](const resumable& one) noexcept { beat.begins(name_of(one.handle)); });
    beat.rests();
}

}  // namespace pelton
