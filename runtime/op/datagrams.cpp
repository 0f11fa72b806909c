#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/datagrams.hpp>
#include <pelton/runtime/ring/sqe.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace pelton {
namespace {

constexpr std::size_t name_room = 32;  // an address of IPv4 or IPv6
constexpr std::size_t control_room =
    datagrams::head_bytes - sizeof(io_uring_recvmsg_out) - name_room;
constexpr std::size_t control_at = sizeof(io_uring_recvmsg_out) + name_room;
static_assert(name_room >= sizeof(sockaddr_in6) && control_at % alignof(cmsghdr) == 0);

// The kernel reads how long the address and the control data may be, and writes nothing here.
const msghdr room_for_each = [] {
    msghdr header{};
    header.msg_namelen = name_room;
    header.msg_controllen = control_room;
    return header;
}();

}  // namespace

datagrams::datagrams(shard& here, int descriptor) noexcept
    : lasting_record(here.completions()), page_request(0), home_(here), descriptor_(descriptor) {}

datagrams::~datagrams() {
    if (parked_) {
        buffers_->forget(*this);
    }
    if (owns_descriptor_) {
        if (const auto closed = home_.calls().close(descriptor_); !closed) {
            home_.report(closed.error(), "close of a UDP socket nobody closed");
        }
    }
}

// From the handle
// ---------------------------------------------------------------------------------

bool datagrams::open_door(std::size_t run_pages, std::size_t ahead_max) noexcept {
    door_ = true;
    run_pages_ = run_pages;
    ahead_max_ = std::max<std::size_t>(ahead_max, 1);
    go_on();
    return !refused_;
}

void datagrams::close_door() noexcept {
    door_ = false;
    refused_ = false;
    failure_ = 0;
    while (!unread_.empty()) {
        unread_.pop().release();
    }
    if (std::exchange(parked_, false)) {
        buffers_->forget(*this);
    }
    if (running()) {
        stale_ = true;
        ending_ = true;
        ask_to_end();
    } else {
        buffers_.reset();
    }
}

void datagrams::abandon(int descriptor) noexcept {
    if (descriptor >= 0) {
        descriptor_ = descriptor;
        owns_descriptor_ = true;
    }
    close_door();
    orphan();
}

result<lease> datagrams::take() noexcept {
    if (unread_.empty()) {
        return failure(-std::exchange(failure_, 0));
    }
    auto oldest = unread_.pop();
    go_on();
    return oldest;
}

bool datagrams::have_buffers() noexcept {
    if (buffers_ == nullptr) {
        try {
            buffers_ = std::make_unique<receive_buffers>(home_, home_.next_buffer_group(),
                                                         run_pages_, ahead_max_);
        } catch (const std::bad_alloc&) {
            refused_ = true;
            return false;
        }
        refused_ = !buffers_->usable();
    }
    return !refused_;
}

void datagrams::go_on() noexcept {
    if (door_ && !running() && !parked_ && failure_ == 0 && unread_.count() <= ahead_max_ / 2 &&
        have_buffers()) {
        ending_ = false;
        start();
    }
}

// From the kernel
// ---------------------------------------------------------------------------------

bool datagrams::prepare(io_uring_sqe& sqe, ring&) noexcept {
    sqe.opcode = abi::op_recvmsg;
    sqe.fd = descriptor_;
    sqe.addr = reinterpret_cast<std::uint64_t>(&room_for_each);
    sqe.len = 1;
    sqe.flags = abi::sqe_buffer_select;
    sqe.buf_group = buffers_->own_group();
    sqe.ioprio = abi::recv_multishot;
    sqe.msg_flags = MSG_TRUNC;  // the length of a datagram, also of one that was cut
    return true;
}

void datagrams::arrived(std::int32_t outcome, std::uint32_t flags) noexcept {
    if (outcome < 0 || (flags & abi::cqe_buffer) == 0) {
        buffers_->unused(flags);
        return;
    }
    keep(buffers_->arrived(static_cast<std::size_t>(outcome), flags));
    if (unread_.count() >= ahead_max_ && !ending_ && more_follow(flags)) {
        ending_ = true;
        ask_to_end();
    }
    tell();
}

void datagrams::keep(lease message) noexcept {
    if (!door_ || is_orphan()) {
        return;
    }
    try {
        unread_.push(std::move(message));
    } catch (const std::bad_alloc&) {
        failure_ = -ENOMEM;  // it is lost, and so nobody is told that none was
    }
}

void datagrams::ended() noexcept {
    const auto how = outcome();
    if (std::exchange(stale_, false)) {
        buffers_.reset();
    } else if (how == -ENOBUFS) {
        parked_ = buffers_->wait(*this);
        buffers_->serve();  // may already call pages_came()
    } else if (how < 0 && how != -EINTR && !(how == -ECANCELED && ending_)) {
        failure_ = failure_ != 0 ? failure_ : how;
    }
    go_on();
    tell();
}

void datagrams::pages_came(lease) noexcept {
    parked_ = false;
    go_on();
}

void datagrams::tell() noexcept {
    if (!empty() || refused_) {
        tell_waiter();
    }
}

// One message
// ---------------------------------------------------------------------------------------

raw_datagram take_apart(lease message) noexcept {
    raw_datagram got;
    io_uring_recvmsg_out head;
    std::memcpy(&head, message.data(), sizeof(head));
    got.sent_bytes = head.payloadlen;
    got.from_bytes = std::min<socklen_t>(head.namelen, name_room);
    std::memcpy(&got.from, message.data() + sizeof(head), got.from_bytes);
    if (head.controllen != 0) {
        got.control.msg_control = message.data() + control_at;
        got.control.msg_controllen = std::min<std::size_t>(head.controllen, control_room);
    }
    const auto room = message.size() - datagrams::head_bytes;
    const auto page = arena::page_bytes();
    // A short datagram does not hold all of a long run.
    const auto used = (message.size() + page - 1) / page;
    got.payload = message.slice(0, used);
    got.payload.narrow(datagrams::head_bytes, std::min<std::size_t>(room, head.payloadlen));
    if ((head.flags & MSG_TRUNC) != 0 && got.sent_bytes <= room) {
        got.sent_bytes = room + 1;  // cut, though nobody said how long it was
    }
    return got;
}

// Waiting
// -----------------------------------------------------------------------------------------

result<lease> next_message::await_resume() noexcept {
    if (stopped() || from_.empty()) {
        return failure(stopped() ? ECANCELED : EINTR);
    }
    return from_.take();
}

}  // namespace pelton
