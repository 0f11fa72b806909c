// sendmsg(2) and recvmsg(2): one message, with the address and the control data that go with it.
//
//   RECVMSG, SENDMSG     else POLL_ADD, and then the call itself, which does not wait
//
// For messages whose bounds matter: datagrams, and bytes that carry descriptors. Streams of bytes
// use socket_transfer.hpp.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace pelton {

// `Self` has `void dress(msghdr&) noexcept`, which sets the address and the control data, both of
// which lie in the awaiter; after the operation it finds in header() what the kernel answered. What
// arrived together with a stop request is yielded like any other message, so none is lost.
template <class Self, class T>
class message_operation : public operation<Self, T> {
    using base = operation<Self, T>;

public:
    bool await_ready() const noexcept { return refusal_ != 0; }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        on_.enter();
        this->here().completions().peer_wait_begins();
        base::await_suspend(waiter);
    }

    result<T> await_resume() noexcept {
        if (this->now() == record::state::idle) [[unlikely]] {
            return failure(refusal_);
        }
        on_.leave();
        this->here().completions().peer_wait_ended();
        return base::await_resume();
    }

    bool prepare(io_uring_sqe& sqe, ring& queues) noexcept override {
        if (calls_) {
            io_uring_prep_poll_add(&sqe, on_.descriptor(), reads() ? POLLIN : POLLOUT);
            return true;
        }
        if (!fill_header(queues)) {
            return false;
        }
        sqe.opcode = reads() ? abi::op_recvmsg : abi::op_sendmsg;
        on_.name_in(sqe, queues);
        sqe.addr = reinterpret_cast<std::uint64_t>(&header_);
        sqe.len = 1;
        sqe.msg_flags = flags_;
        ++this->here().counters().plain_transfers;
        return true;
    }

protected:
    // `flags` are the MSG_ flags of the call.
    message_operation(shard& here, direction way, target& on, const areas& memory,
                      unsigned flags) noexcept
        : base(here),
          on_(on),
          way_(way),
          calls_(
              !here.queues().has(way == direction::reading ? feature::recvmsg : feature::sendmsg)),
          flags_(flags),
          memory_(memory) {
        if (calls_) {
            this->set_hooked();
        }
        // A message goes whole or not at all: never a part because it takes several operations.
        if (memory.count() > abi::iovec_max) {
            refuse(EMSGSIZE);
        }
    }
    ~message_operation() = default;

    // Instead of being submitted, it yields this errno.
    void refuse(int errno_value) noexcept { refusal_ = errno_value; }

    const areas& memory() const noexcept { return memory_; }
    const msghdr& header() const noexcept { return header_; }

private:
    bool reads() const noexcept { return way_ == direction::reading; }

    bool fill_header(ring& queues) noexcept {
        header_ = {};
        if (!memory_.empty()) {
            const auto entries = lower(memory_, queues);
            if (entries.array == nullptr) {
                return false;
            }
            header_.msg_iov = reinterpret_cast<iovec*>(const_cast<area*>(entries.array));
            header_.msg_iovlen = entries.count;
        }
        static_cast<Self*>(this)->dress(header_);
        return true;
    }

    // Without the opcode: the socket is ready, so the call will not wait, unless somebody else was
    // faster.
    bool completed(std::int32_t& outcome) noexcept override {
        if (outcome < 0) {
            return true;
        }
        auto& queues = this->here().queues();
        if (!fill_header(queues)) {
            return false;
        }
        const int flags = static_cast<int>(flags_) | MSG_DONTWAIT;
        auto& calls = this->here().calls();
        const auto moved = reads() ? calls.recvmsg(on_.descriptor(), header_, flags)
                                   : calls.sendmsg(on_.descriptor(), header_, flags);
        if (!memory_.whole() && !memory_.empty()) {
            queues.give_back_scratch(header_.msg_iovlen);
        }
        outcome = moved ? static_cast<std::int32_t>(*moved) : -moved.error().value();
        if (outcome != -EAGAIN) {
            return true;
        }
        if (this->stopping()) {
            outcome = -ECANCELED;
            return true;
        }
        return false;
    }

    const char* name() const noexcept override {
        return reads() ? "receive of a message" : "send of a message";
    }

    target& on_;
    direction way_;
    bool calls_;  // the kernel lacks the opcode
    int refusal_ = 0;
    unsigned flags_;
    areas memory_;
    msghdr header_;
};

}  // namespace pelton
