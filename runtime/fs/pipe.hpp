// A pipe: what is written to one end is read from the other.
//
//   auto both = co_await pelton::pipe_pair::make(here);
//   auto put = co_await both->in.write_all(pages->first(n));
//
// Thread: the shard's. An end that moves or dies while operations on it are pending ends the
// process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/op/via.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

namespace pelton {

// What both ends share.
class [[nodiscard]] pipe_end {
public:
    pipe_end(pipe_end&&) noexcept = default;
    pipe_end& operator=(pipe_end&& other) noexcept;
    ~pipe_end() { drop(); }

    close_operation close() noexcept { return close_operation(*home_, on_.release()); }
    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }
    // Gives the descriptor up, to a child process for example.
    int release() noexcept { return on_.release(); }

protected:
    friend class splice_place;

    pipe_end(shard& here, int descriptor) noexcept
        : home_(&here), on_(descriptor, true, direct_alignment(), true) {}

    shard* home_;
    target on_;

private:
    void drop() noexcept;
};

class [[nodiscard]] pipe_reader : public pipe_end {
public:
    // Takes over the reading end of a pipe.
    pipe_reader(shard& here, int descriptor) noexcept : pipe_end(here, descriptor) {}

    // As much as there is, at most `memory`; 0 once every writer has closed.
    transfer read(const areas& memory) noexcept {
        return transfer(*home_, direction::reading, on_, memory, target::no_position);
    }
    // Until `memory` is full or every writer has closed; `moved` as in file::write_all_at.
    whole_transfer read_exactly(const areas& memory, std::size_t* moved = nullptr) noexcept {
        return whole_transfer(*home_, direction::reading, on_, memory, target::no_position, moved);
    }
};

class [[nodiscard]] pipe_writer : public pipe_end {
public:
    // Takes over the writing end of a pipe.
    pipe_writer(shard& here, int descriptor) noexcept : pipe_end(here, descriptor) {}

    // All of it, or an error; EPIPE when no reader is left, with SIGPIPE as for write(2).
    whole_transfer write_all(const areas& memory, std::size_t* moved = nullptr) noexcept {
        return whole_transfer(*home_, direction::writing, on_, memory, target::no_position, moved);
    }
};

struct pipe_pair {
    pipe_reader out;
    pipe_writer in;

    // pipe2(2), close-on-exec. A pipe that came although a stop was asked for is yielded.
    static task<result<pipe_pair>> make(shard& here, via chosen = via::usual);
};

}  // namespace pelton
