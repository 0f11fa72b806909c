#include <pelton/runtime/op/arrivals.hpp>
#include <pelton/runtime/ring/sqe.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace pelton {

arrivals::arrivals(shard& here, int descriptor, receive_buffers& from,
                   std::size_t pages_max) noexcept
    : lasting_record(here.completions()),
      page_request(0),
      home_(here),
      from_(from),
      pages_max_(std::max<std::size_t>(pages_max, 1)),
      descriptor_(descriptor) {}

arrivals::~arrivals() {
    if (parked_) {
        from_.forget(*this);
    }
    if (owns_descriptor_) {
        if (const auto closed = home_.calls().close(descriptor_); !closed) {
            home_.report(closed.error(), "close of a connection nobody closed");
        }
    }
}

// From the handle
// ---------------------------------------------------------------------------------

void arrivals::open_door() noexcept {
    door_ = true;
    go_on();
}

void arrivals::close_door() noexcept {
    door_ = false;
    if (parked_) {
        parked_ = false;
        from_.forget(*this);
    }
    if (running()) {
        ending_ = true;
        ask_to_end();
    }
    tell();
}

void arrivals::abandon(int descriptor) noexcept {
    if (descriptor >= 0) {
        descriptor_ = descriptor;
        owns_descriptor_ = true;
    }
    close_door();
    while (!unread_.empty()) {
        unread_.pop().release();
    }
    orphan();
}

lease arrivals::take(std::size_t bytes_max) noexcept {
    auto& oldest = unread_.front();
    if (oldest.size() <= bytes_max) {
        auto all = unread_.pop();
        taken(all.pages());
        return all;
    }
    auto part = oldest.share();
    part.narrow(0, bytes_max);
    oldest.narrow(bytes_max, oldest.size() - bytes_max);
    return part;
}

std::size_t arrivals::copy(const areas& into) noexcept {
    std::size_t copied = 0;
    for (auto room = into; !room.empty() && !unread_.empty();) {
        const auto to = room.front();
        const auto from = take(to.length);
        std::memcpy(to.start, from.data(), from.size());
        room = room.skip(from.size());
        copied += from.size();
    }
    return copied;
}

void arrivals::taken(std::size_t pages) noexcept {
    pages_unread_ -= pages;
    go_on();
}

void arrivals::go_on() noexcept {
    if (door_ && !running() && !parked_ && !over_ && pages_unread_ <= pages_max_ / 2) {
        ending_ = false;
        start();
    }
}

// From the kernel
// ---------------------------------------------------------------------------------

bool arrivals::prepare(io_uring_sqe& sqe, ring& queues) noexcept {
    sqe.opcode = abi::op_recv;
    sqe.fd = descriptor_;
    sqe.flags = abi::sqe_buffer_select;
    sqe.buf_group = receive_buffers::group;
    sqe.ioprio = abi::recv_multishot;
    if (!from_.incremental() && queues.has(feature::receive_bundle)) {
        sqe.ioprio |= abi::recvsend_bundle;
    }
    return true;
}

void arrivals::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if (outcome <= 0) {
        from_.unused(flags);
        return;
    }
    const auto length = static_cast<std::size_t>(outcome);
    if (length > from_.run_bytes()) {
        from_.bundle_arrived(length, flags, [this](lease part) { keep(std::move(part)); });
    } else {
        keep(from_.arrived(length, flags));
    }
    if (pages_unread_ >= pages_max_ && !ending_ && more_follow(flags)) {
        ending_ = true;
        ask_to_end();
    }
    tell();
}

void arrivals::keep(lease bytes) noexcept {
    if (is_orphan() || over_) {
        return;
    }
    const auto pages = bytes.pages();
    try {
        unread_.push(std::move(bytes));
        pages_unread_ += pages;
    } catch (const std::bad_alloc&) {
        over_ = true;  // a stream with a gap is worse than none
        how_ = -ENOMEM;
        close_door();
    }
}

void arrivals::ended() noexcept {
    const auto outcome = this->outcome();
    if (outcome == -ENOBUFS) {
        wait_for_buffers();
    } else if (outcome == 0 ||
               (outcome < 0 && outcome != -ECANCELED && outcome != -EINTR && !over_)) {
        over_ = true;
        how_ = outcome;
    } else if (outcome != -ECANCELED || ending_) {
        go_on();  // the CQ was full, or too much lay here and has been taken meanwhile
    }
    tell();
}

void arrivals::wait_for_buffers() noexcept {
    if (!door_) {
        return;
    }
    if (from_.wait(*this)) {
        parked_ = true;
    } else {
        go_on();
    }
}

void arrivals::pages_came(lease) noexcept {
    parked_ = false;
    go_on();
    tell();
}

void arrivals::tell() noexcept {
    if (!unread_.empty() || over_ || !pending()) {
        tell_waiter();
    }
}

}  // namespace pelton
