// socket(2).
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/operation.hpp>

namespace pelton {

// A descriptor that arrives although a stop was asked for is yielded, never lost.
class socket_operation final : public operation<socket_operation, int> {
public:
    // `type` with SOCK_CLOEXEC and the like, as for socket(2).
    socket_operation(shard& here, int family, int type, int protocol) noexcept
        : operation(here), family_(family), type_(type), protocol_(protocol) {}

    // Without the opcode, socket(2) is called here and now: it does not block.
    bool await_ready() const noexcept { return !here().queues().has(feature::socket); }

    result<int> await_resume() noexcept {
        return now() == state::idle ? here().calls().socket(family_, type_, protocol_)
                                    : operation::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        sqe.opcode = abi::op_socket;
        sqe.fd = family_;
        sqe.off = static_cast<unsigned>(type_);
        sqe.len = static_cast<unsigned>(protocol_);
        return true;
    }
    result<int> decode(std::int32_t outcome) const noexcept { return outcome; }

private:
    const char* name() const noexcept override { return "socket"; }

    int family_;
    int type_;
    int protocol_;
};

}  // namespace pelton
