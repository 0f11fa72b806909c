// Standard input, output and error: pipes, files, terminals. They have a position of their own,
// which other holders of the descriptor share, and are never closed here.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

class standard_stream {
public:
    standard_stream(shard& here, int descriptor) noexcept : home_(here), on_(descriptor) {}

    // As much as there is, at most `memory`; 0 at the end.
    transfer read(const areas& memory) noexcept {
        return transfer(home_, direction::reading, on_, memory, target::no_position);
    }
    // All of it, or an error; EPIPE when the reader is gone, with SIGPIPE as for write(2). `moved`
    // as in file::write_all_at.
    whole_transfer write_all(const areas& memory, std::size_t* moved = nullptr) noexcept {
        return whole_transfer(home_, direction::writing, on_, memory, target::no_position, moved);
    }

    bool is_terminal() const noexcept { return home_.calls().is_terminal(on_.descriptor()); }

private:
    shard& home_;
    target on_;
};

inline standard_stream standard_input(shard& here) noexcept {
    return {here, 0};
}
inline standard_stream standard_output(shard& here) noexcept {
    return {here, 1};
}
inline standard_stream standard_error(shard& here) noexcept {
    return {here, 2};
}

}  // namespace pelton
