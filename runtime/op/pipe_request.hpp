// pipe2(2), close-on-exec.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/prompt_operation.hpp>

#include <fcntl.h>

#include <array>
#include <cstdint>

namespace pelton {

// Yields the end to read from and the end to write to, also when they come although a stop was
// asked for; whoever awaits it owns them.
class pipe_request {
public:
    using value_type = std::array<int, 2>;
    static constexpr const char* name = "pipe";
    static constexpr feature opcode = feature::pipe;

    void prepare(io_uring_sqe& sqe) noexcept {
        sqe.opcode = abi::op_pipe;
        sqe.addr = reinterpret_cast<std::uint64_t>(ends_.data());
        sqe.rw_flags = O_CLOEXEC;
    }
    result<value_type> decode(std::int32_t) const noexcept { return ends_; }
    result<value_type> call(calls_face& calls) const noexcept { return calls.pipe2(O_CLOEXEC); }

private:
    value_type ends_{-1, -1};
};

}  // namespace pelton
