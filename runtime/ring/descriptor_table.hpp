// Which places of a ring's table of open files are taken.
//
// The kernel's table is made, empty, with the first descriptor that is put into it.
#pragma once

#include <pelton/runtime/kernel/ring_face.hpp>

#include <vector>

namespace pelton {

class descriptor_table {
public:
    static constexpr int none = -1;

    // A table of up to `places`: RLIMIT_NOFILE bounds it, too.
    explicit descriptor_table(unsigned places) noexcept : places_(places) {}

    // The place at which `descriptor` is now, or `none` when all are taken, or when there is no
    // memory for a table.
    int put(ring_face& kernel, io_uring& queues, int descriptor) noexcept;
    void take_out(ring_face& kernel, io_uring& queues, int place) noexcept;

private:
    bool make(ring_face& kernel, io_uring& queues) noexcept;

    unsigned places_;
    std::vector<int> free_;
};

}  // namespace pelton
