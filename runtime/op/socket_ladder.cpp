#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/socket_ladder.hpp>

#include <algorithm>

namespace pelton {
namespace {

struct rungs {
    abi::opcode plain, message;
    feature has_plain, has_message;
    unsigned flags;  // MSG_ flags of recv(2) and send(2)
};

constexpr rungs receives{abi::op_recv, abi::op_recvmsg, feature::recv, feature::recvmsg, 0};
constexpr rungs sends{abi::op_send, abi::op_sendmsg, feature::send, feature::sendmsg, MSG_NOSIGNAL};

void fill(io_uring_sqe& sqe, const ring& queues, abi::opcode opcode, const target& on,
          const void* address, std::size_t length, unsigned flags) noexcept {
    sqe.opcode = opcode;
    on.name_in(sqe, queues);
    sqe.addr = reinterpret_cast<std::uint64_t>(address);
    sqe.len = static_cast<unsigned>(length);
    sqe.msg_flags = flags;
}

void fill_plain(io_uring_sqe& sqe, const ring& queues, const rungs& steps, const target& on,
                area one) noexcept {
    const auto length = std::min(one.length, abi::transfer_bytes_max);
    fill(sqe, queues, steps.plain, on, one.start, length, steps.flags);
}

bool fill_message(io_uring_sqe& sqe, ring& queues, const rungs& steps, const target& on,
                  const areas& memory, msghdr& header) noexcept {
    const auto entries = lower(memory, queues);
    if (entries.array == nullptr) {
        return false;
    }
    header = {};
    header.msg_iov = reinterpret_cast<iovec*>(const_cast<area*>(entries.array));
    header.msg_iovlen = entries.count;
    fill(sqe, queues, steps.message, on, &header, 1, steps.flags);
    return true;
}

}  // namespace

bool prepare_socket_transfer(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                             const areas& memory, msghdr& header) noexcept {
    const auto& steps = way == direction::reading ? receives : sends;
    const bool has_plain = queues.has(steps.has_plain);
    if (memory.contiguous() && has_plain) [[likely]] {
        fill_plain(sqe, queues, steps, on, {memory.address(), memory.bytes()});
        return true;
    }
    if (queues.has(steps.has_message)) {
        return fill_message(sqe, queues, steps, on, memory, header);
    }
    if (has_plain) {
        fill_plain(sqe, queues, steps, on, memory.front());
        return true;
    }
    return prepare_transfer(sqe, queues, way, on, memory, target::no_position) != rung::put_off;
}

}  // namespace pelton
