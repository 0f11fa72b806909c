// close(2) that nobody awaits, behind what was started before it and may still have to be shown to
// the kernel: closed at once, the number might have a new owner by then.
#pragma once

#include <pelton/runtime/completion/lasting_record.hpp>

namespace pelton {

class shard;

// It ends its own life.
class late_close final : public lasting_record {
public:
    // Closes at once when the shard has no record left for it.
    static void begin(shard& here, int descriptor) noexcept;

    late_close(shard& here, int descriptor) noexcept;

private:
    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override;
    void ended() noexcept override;
    const char* name() const noexcept override { return "close"; }

    shard& home_;
    int descriptor_;
};

}  // namespace pelton
