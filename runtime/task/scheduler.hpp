// The two small interfaces by which tasks meet whoever runs them, and the node that queues between.
#pragma once

#include <coroutine>
#include <cstddef>

namespace pelton {

// A suspended coroutine's place in a ready queue. Lives in its awaiter, so queueing allocates
// nothing. It may stand in one queue at a time.
struct resumable {
    std::coroutine_handle<> handle;
    resumable* next;  // set when it is queued
};

struct strand;

// Whoever resumes: a shard. Only its loop resumes; everything else asks it to.
class scheduler {
public:
    // Queues `who`; its handle is resumed by the loop later, never inside this call.
    virtual void make_ready(resumable& who) noexcept = 0;

    // Keep the list of live strands, for dump().
    virtual void strand_started(strand& flow) noexcept = 0;
    virtual void strand_ended(strand& flow) noexcept = 0;

protected:
    ~scheduler() = default;
};

// What a strand waits in, when that can be asked to stop: an operation, a timer, a scope.
class leaf {
public:
    // Asks; the leaf still completes by itself and reports what happened. Never resumes inline, and
    // may be called more than once.
    virtual void request_stop() noexcept = 0;

    // One line for dump(), such as "read in the kernel for 12 ms", of at most `room` bytes. Returns
    // how long it is, or would be.
    virtual std::size_t describe(char* into, std::size_t room) const noexcept = 0;

protected:
    ~leaf() = default;
};

}  // namespace pelton
