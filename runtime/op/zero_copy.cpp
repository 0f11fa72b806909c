#include <pelton/runtime/op/zero_copy.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <algorithm>
#include <cerrno>

namespace pelton {

zero_copy_send::zero_copy_send(shard& here, int descriptor, const areas& part) noexcept
    : lasting_record(here.completions()), home_(here), part_(part), descriptor_(descriptor) {}

bool zero_copy_send::prepare(io_uring_sqe& sqe, ring& queues) noexcept {
    int index = registry::none;
    if (part_.contiguous()) {
        index = fill_one(sqe, queues);
    } else {
        const auto entries = lower(part_, queues);
        if (entries.array == nullptr) {
            return false;
        }
        index = fill_message(sqe, queues, entries);
    }
    sqe.fd = descriptor_;
    sqe.msg_flags = MSG_NOSIGNAL;
    if (index != registry::none) {
        sqe.ioprio = abi::recvsend_fixed_buf;
        sqe.buf_index = static_cast<std::uint16_t>(index);
    }
    auto& counters = home_.counters();
    ++(index != registry::none ? counters.fixed_transfers : counters.plain_transfers);
    return true;
}

// Returns the registered buffer that it may name.
int zero_copy_send::fill_one(io_uring_sqe& sqe, const ring& queues) noexcept {
    const auto length = std::min(part_.bytes(), abi::transfer_bytes_max);
    sqe.opcode = abi::op_send_zc;
    sqe.addr = reinterpret_cast<std::uint64_t>(part_.address());
    sqe.len = static_cast<std::uint32_t>(length);
    return queues.registered().find(part_.address(), length);
}

int zero_copy_send::fill_message(io_uring_sqe& sqe, const ring& queues,
                                 const lowered& entries) noexcept {
    header_ = {};
    header_.msg_iov = reinterpret_cast<iovec*>(const_cast<area*>(entries.array));
    header_.msg_iovlen = entries.count;
    sqe.opcode = abi::op_sendmsg_zc;
    sqe.addr = reinterpret_cast<std::uint64_t>(&header_);
    sqe.len = 1;
    // As with files, the kernel shortens a plain vector of too many bytes and refuses a fixed one.
    const bool may_be_fixed =
        queues.has(feature::sendmsg_zc_fixed) && part_.bytes() <= abi::transfer_bytes_max;
    return may_be_fixed ? queues.registered().find_all(entries.array, entries.count)
                        : registry::none;
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

// For as many of the leases as one record holds, or null when they are to be copied.
zero_copy_send* lease_send::make() noexcept {
    if (rest().bytes() < least_) [[likely]] {
        return nullptr;
    }
    const auto end = std::min(count(), next_ + zero_copy_send::leases_max);
    std::size_t bytes = 0;
    for (auto i = next_; i < end; ++i) {
        bytes += at(i).size();
    }
    const auto part = rest().first(bytes - skipped_);
    const auto needed = part.contiguous() ? feature::send_zc : feature::sendmsg_zc;
    if (part.bytes() < std::max<std::size_t>(least_, 1) || !here().queues().has(needed)) {
        return nullptr;
    }
    auto* one = here().lasting().make<zero_copy_send>(here(), on_.descriptor(), part);
    for (auto i = next_; one != nullptr && i < end; ++i) {
        one->hold(at(i).share());
    }
    return one;
}

void lease_send::go_on_with(zero_copy_send* one) noexcept {
    sending_ = one;
    sending_->begin(*this);
}

void lease_send::pass(std::size_t part) noexcept {
    skipped_ += part;
    while (next_ < count() && skipped_ >= at(next_).size()) {
        skipped_ -= at(next_++).size();
    }
}

void lease_send::answered(std::int32_t outcome) noexcept {
    sending_ = nullptr;
    const bool unsupported = outcome == -EOPNOTSUPP || outcome == -ENOMEM || outcome == -ENOBUFS;
    const bool interrupted = outcome == -EINTR && !stopping();
    if (outcome > 0) {
        pass(static_cast<std::size_t>(outcome));
    }
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
