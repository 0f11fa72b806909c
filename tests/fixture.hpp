// What tests of a running shard share: a tiny ring, a pipe, and an operation that waits for its
// peer.
#pragma once

#include "buffers/death.hpp"

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <ostream>  // doctest prints error codes
#include <string_view>
#include <utility>

namespace pelton::test {

// A shard whose limits are near: 2 SQ entries, 8 CQ entries, 16 pages.
inline options tiny() {
    options small;
    small.ring.sq_entries = 2;
    small.page_bytes = std::size_t{16} * 4096;
    return small;
}

// Runs `main(shard&)`, which returns a task<>, to its end. What leaves it fails the test.
template <class F>
void on_shard(options with, F&& main) {
    CHECK(run(std::move(with), main) == 0);
}
template <class F>
void on_shard(F&& main) {
    on_shard(tiny(), main);
}

class pipe_ends {
public:
    pipe_ends() { require_call(::pipe2(ends_.data(), O_CLOEXEC) == 0, "pipe2"); }
    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;
    ~pipe_ends() {
        close_writer();
        ::close(ends_[0]);
    }

    int reader() const noexcept { return ends_[0]; }
    int writer() const noexcept { return ends_[1]; }
    void write(std::string_view bytes) const {
        require_call(
            ::write(ends_[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
            "write");
    }
    void close_writer() noexcept {
        if (ends_[1] >= 0) {
            ::close(std::exchange(ends_[1], -1));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

// READ of up to 16 bytes: pending until the pipe's other end writes or closes.
class pipe_read final : public operation<pipe_read, std::size_t> {
public:
    pipe_read(shard& here, int reader) noexcept : operation(here), reader_(reader) {}

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_rw(abi::op_read, &sqe, reader_, bytes_.data(),
                         static_cast<unsigned>(bytes_.size()), 0);
        return true;
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    const char* name() const noexcept override { return "READ of a pipe"; }

    int reader_;
    std::array<char, 16> bytes_{};
};

inline bool says(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

}  // namespace pelton::test
