// openat2(2): a path or a name below a directory descriptor, to a descriptor.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <linux/openat2.h>

namespace pelton {

// The name and `how` must outlive the await. A descriptor that arrives although a stop was asked for
// is yielded, never lost.
class open_operation final : public operation<open_operation, int> {
public:
    open_operation(shard& here, int at, const char* name, const open_how& how) noexcept
        : operation(here), at_(at), name_(name), how_(&how) {}

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_openat2;
        sqe.fd = at_;
        sqe.addr = reinterpret_cast<std::uint64_t>(name_);
        sqe.len = sizeof(open_how);
        sqe.off = reinterpret_cast<std::uint64_t>(how_);
        return true;
    }
    result<int> decode(std::int32_t outcome) const noexcept { return outcome; }

private:
    const char* name() const noexcept override { return "openat2"; }

    int at_;
    const char* name_;
    const open_how* how_;
};

}  // namespace pelton
