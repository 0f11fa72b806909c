// Waiting for a word in memory to change, and waking who waits: futex(2), within this process.
//
//   while (word.load() == seen) co_await pelton::futex_wait(here, word, seen);
//
// For words that threads share with code that knows nothing of tasks. Linux 6.7 waits in the ring.
// Before that each wait holds one of options.blocking_threads_max threads, in turns of 10 ms.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <atomic>
#include <cstdint>

namespace pelton {

// Waits while `word` is `expected`: true once it was woken, also for no reason; false at once when
// the word has another value. Look at the word again after either. It must outlive the await. A
// stop request ends the wait, at once or, without the ring, after at most 10 ms.
task<result<bool>> futex_wait(shard& here, const std::atomic<std::uint32_t>& word,
                              std::uint32_t expected);

// Wakes at most `count_max` of those who wait for `word`, here and now; yields how many. Callable
// from any thread.
result<unsigned> futex_wake(calls_face& calls, const std::atomic<std::uint32_t>& word,
                            unsigned count_max) noexcept;

}  // namespace pelton
