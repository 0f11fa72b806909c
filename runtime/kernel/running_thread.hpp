// Threads that the runtime starts for itself: shards, and the watch over them.
#pragma once

namespace pelton {

// A thread; the destructor waits for its end.
class running_thread {
public:
    running_thread() = default;
    running_thread(const running_thread&) = delete;
    running_thread& operator=(const running_thread&) = delete;
    virtual ~running_thread() = default;
};

// A thread that calls a function again and again; the destructor ends it and waits for that.
class ticking_thread : public running_thread {
public:
    // Wakes it when it dozes, else makes its next doze none. Callable from any thread.
    virtual void nudge() noexcept = 0;
};

}  // namespace pelton
