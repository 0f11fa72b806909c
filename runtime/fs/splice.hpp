// Bytes from one descriptor to another, of which one is a pipe, without a copy in user space.
//
//   auto moved = co_await pelton::splice(here, {*in, 0}, both->in, 65536);
//
// The ring's way waits in a kernel thread and can be cancelled. A thread's way makes calls that do
// not wait for pipes and polls in between; towards a socket such a call may wait all the same.
// Neither was measured to be faster (docs/files.md).
#pragma once

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/pipe.hpp>
#include <pelton/runtime/op/splice.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstddef>
#include <cstdint>

namespace pelton {

// Where bytes come from or go to; what it names must outlive the await.
class splice_place {
public:
    splice_place(file& on, std::uint64_t at) noexcept : side_{on.on_.descriptor(), at, &on.on_} {}
    splice_place(pipe_end& on) noexcept
        : side_{on.on_.descriptor(), target::no_position, &on.on_} {}
    // A descriptor of any kind, at its own position.
    explicit splice_place(int descriptor) noexcept
        : side_{descriptor, target::no_position, nullptr} {}

    const splice_side& side() const noexcept { return side_; }

private:
    splice_side side_;
};

// splice(2): moves at most `bytes`, as many as there are and as there is room for; 0 at the end of
// a file, or once a pipe has no writer left.
task<result<std::size_t>> splice(shard& here, splice_place from, splice_place into,
                                 std::size_t bytes, via chosen = via::usual);

// tee(2): copies from pipe to pipe what stays in the first.
task<result<std::size_t>> tee(shard& here, splice_place from, splice_place into, std::size_t bytes,
                              via chosen = via::usual);

}  // namespace pelton
