// An operation that the ring carries out, or a system call here and now: for calls that never
// block, where a thread would only cost its way there and back.
//
// A request is one of call_operation.hpp. Usually the call is made, which takes less than a turn of
// the loop, also in a task that was asked to stop; via::ring asks for the opcode, where the kernel
// has it. An opcode that does not suit this descriptor (EOPNOTSUPP) falls back to the call.
#pragma once

#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/via.hpp>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace pelton {

template <class Request>
class prompt_operation final
    : public operation<prompt_operation<Request>, typename Request::value_type> {
    using base = operation<prompt_operation<Request>, typename Request::value_type>;

public:
    template <class... Arguments>
    prompt_operation(shard& here, via chosen, Arguments&&... arguments) noexcept
        : base(here),
          request_(std::forward<Arguments>(arguments)...),
          by_ring_(chosen == via::ring && here.queues().has(Request::opcode)) {}

    bool await_ready() const noexcept { return !by_ring_; }

    result<typename Request::value_type> await_resume() noexcept {
        if (by_ring_ && this->outcome() != -EOPNOTSUPP) {
            return base::await_resume();
        }
        return request_.call(this->here().calls());
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        request_.prepare(sqe);
        return true;
    }
    result<typename Request::value_type> decode(std::int32_t outcome) noexcept {
        return request_.decode(outcome);
    }

private:
    const char* name() const noexcept override { return Request::name; }

    Request request_;
    bool by_ring_;
};

}  // namespace pelton
