// A round trip through the kernel that does nothing: what everything else costs at least.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

namespace pelton {

class nop_operation final : public operation<nop_operation, void> {
public:
    explicit nop_operation(shard& here) noexcept : operation(here) {}

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_nop;
        sqe.fd = -1;
        return true;
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }

private:
    const char* name() const noexcept override { return "NOP"; }
};

inline nop_operation nop(shard& here) noexcept {
    return nop_operation(here);
}

}  // namespace pelton
