#include <pelton/runtime/op/zero_copy.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <algorithm>
#include <cerrno>

namespace pelton {

zero_copy_send::zero_copy_send(shard& here, int descriptor, lease pages, area part) noexcept
    : lasting_record(here.completions()),
      home_(here),
      pages_(std::move(pages)),
      part_(part),
      descriptor_(descriptor) {}

bool zero_copy_send::prepare(io_uring_sqe& sqe, ring& queues) noexcept {
    sqe.opcode = abi::op_send_zc;
    sqe.fd = descriptor_;
    sqe.addr = reinterpret_cast<std::uint64_t>(part_.start);
    sqe.len = static_cast<std::uint32_t>(std::min(part_.length, abi::transfer_bytes_max));
    sqe.msg_flags = MSG_NOSIGNAL;
    const int index = queues.registered().find(part_.start, part_.length);
    if (index != registry::none) {
        sqe.ioprio = abi::recvsend_fixed_buf;
        sqe.buf_index = static_cast<std::uint16_t>(index);
    }
    auto& counters = home_.counters();
    ++(index != registry::none ? counters.fixed_transfers : counters.plain_transfers);
    return true;
}

void zero_copy_send::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if ((flags & abi::cqe_notification) == 0 && by_ != nullptr) {
        std::exchange(by_, nullptr)->answered(outcome);
    }
}

void zero_copy_send::ended() noexcept {
    if (by_ != nullptr) {
        std::exchange(by_, nullptr)->answered(outcome());  // it never reached the kernel
    }
    orphan();
}

zero_copy_send* lease_send::make() noexcept {
    if (rest().bytes() < least_ || !here().queues().has(feature::send_zc)) {
        return nullptr;
    }
    const area part{rest().address(), rest().bytes()};
    return here().lasting().make<zero_copy_send>(here(), on_.descriptor(), pages_.share(), part);
}

void lease_send::go_on_with(zero_copy_send* one) noexcept {
    sending_ = one;
    sending_->begin(*this);
}

void lease_send::answered(std::int32_t outcome) noexcept {
    sending_ = nullptr;
    const bool unsupported = outcome == -EOPNOTSUPP || outcome == -ENOMEM || outcome == -ENOBUFS;
    const bool interrupted = outcome == -EINTR && !stopping();
    if (outcome > 0 && took(static_cast<std::size_t>(outcome))) {
        wake(outcome);
    } else if (outcome == 0) {
        wake(-EIO);  // no progress and no reason: never spin on it
    } else if (outcome < 0 && !unsupported && !interrupted) {
        wake(outcome);
    } else if (stopping()) {
        wake(-ECANCELED);
    } else if (auto* more = unsupported ? nullptr : make(); more != nullptr) {
        go_on_with(more);
    } else {
        here().completions().start_again(*this);
    }
}

void lease_send::stopped_parked() noexcept {
    if (sending_ != nullptr) {
        sending_->stop();  // the answer says what became of it
    }
}

}  // namespace pelton
