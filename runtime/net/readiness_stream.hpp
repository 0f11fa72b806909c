// When a descriptor that belongs to somebody else becomes ready, again and again, by one operation
// of the kernel's.
//
//   pelton::readiness_stream changes(here, descriptor, pelton::readiness::readable);
//   for (;;) {
//       auto came = co_await changes.next();
//       if (!came) ...
//       // read all there is: a library's turn, or reads until EAGAIN
//   }
//
// The kernel goes on looking between two calls of next(), and what it sees is kept until then. It
// tells of a change when it comes, not of what is left over: read until there is nothing more, or
// the rest is not told of again. What was read before next() is called may still be told of, so a
// read must not block. Where the kernel has no multishot poll (Linux 5.13), or the shard has no
// record left for one, each next() polls once.
//
// Left early, the operation is cancelled. The descriptor must stay open until then; the kernel lets
// go of its file a turn of the loop later.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/net/poll.hpp>
#include <pelton/runtime/op/poll_events.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelton {

class [[nodiscard]] readiness_stream {
public:
    // Nothing is asked of the kernel before the first next().
    readiness_stream(shard& here, int descriptor, readiness wanted) noexcept
        : home_(here), descriptor_(descriptor), wanted_(wanted) {}
    readiness_stream(const readiness_stream&) = delete;
    readiness_stream& operator=(const readiness_stream&) = delete;
    ~readiness_stream() {
        if (source_ != nullptr) {
            source_->orphan();
        }
    }

    // All that came since the last call, as soon as there is anything; `failed` and `hung_up` come
    // unasked. What holds at the first call is told at once. EBADF; ECANCELED when a stop was asked
    // for, which loses nothing. After each the next call goes on.
    task<result<readiness>> next();

private:
    bool polls_ahead() noexcept;

    shard& home_;
    int descriptor_;
    readiness wanted_;
    poll_events* source_ = nullptr;  // from the first next() on
};

}  // namespace pelton
