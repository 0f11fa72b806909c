// openat2(2): a path or a name below a directory descriptor, to a descriptor.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

#include <linux/openat2.h>

namespace pelton {

// The name and `how` must outlive the await. A descriptor that arrives although a stop was asked
// for is yielded, never lost.
class open_operation final : public operation<open_operation, int> {
public:
    // `waits`: a kernel thread opens it, and waits as open(2) does. Otherwise the kernel tries at
    // once with O_NONBLOCK, which a FIFO takes for not waiting for its other side.
    open_operation(shard& here, int at, const char* name, const open_how& how,
                   bool waits = false) noexcept
        : operation(here), at_(at), name_(name), how_(&how), waits_(waits) {}

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_openat2;
        sqe.flags = waits_ ? IOSQE_ASYNC : 0;
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
    bool waits_;
};

}  // namespace pelton
