// A block device need not keep what it holds somewhere: URING_CMD, or ioctl(2) BLKDISCARD.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/via.hpp>

#include <liburing.h>

#include <cstdint>

namespace pelton {

class discard_request {
public:
    using value_type = void;
    static constexpr const char* name = "discard";
    static constexpr feature opcode = feature::block_discard;
    static constexpr via usual = via::ring;

    discard_request(int descriptor, std::uint64_t at, std::uint64_t bytes) noexcept
        : descriptor_(descriptor), at_(at), bytes_(bytes) {}

    std::error_code refusal() const noexcept { return {}; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_uring_cmd;
        sqe.fd = descriptor_;
        sqe.cmd_op = abi::block_discard;
        sqe.addr = at_;
        sqe.addr3 = bytes_;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }
    result<void> call(calls_face& calls) const noexcept {
        return calls.block_discard(descriptor_, at_, bytes_);
    }

private:
    int descriptor_;
    std::uint64_t at_;
    std::uint64_t bytes_;
};

}  // namespace pelton
