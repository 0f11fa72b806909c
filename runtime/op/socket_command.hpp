// What io_uring's commands ask of a socket: bytes that wait, and options.
//
//   auto waiting = co_await pelton::socket_bytes(here, stream.descriptor(),
//                                                pelton::socket_queue::incoming);
//
// None of them blocks, so the system call is made here and now unless via::ring asks for the
// command. Options of other levels than SOL_SOCKET are read by the call in any case.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/prompt_operation.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace pelton {

enum class socket_queue : std::uint8_t {
    incoming,  // SIOCINQ: received, and not read
    outgoing,  // SIOCOUTQ: sent, and not acknowledged
};

class socket_bytes_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "socket bytes";
    static constexpr feature opcode = feature::socket_command;

    socket_bytes_request(int descriptor, socket_queue which) noexcept
        : descriptor_(descriptor), which_(which) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_uring_cmd;
        sqe.fd = descriptor_;
        sqe.cmd_op =
            which_ == socket_queue::incoming ? abi::socket_bytes_in : abi::socket_bytes_out;
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }
    result<std::size_t> call(calls_face& calls) const noexcept {
        return calls.socket_bytes(descriptor_, which_ == socket_queue::outgoing);
    }

private:
    int descriptor_;
    socket_queue which_;
};

// An option of a socket, at the place where its value is.
class socket_option_request {
protected:
    socket_option_request(int descriptor, int level, int option, const void* value,
                          socklen_t bytes) noexcept
        : descriptor_(descriptor), level_(level), option_(option), bytes_(bytes), value_(value) {}

    // struct io_uring_sqe of newer headers: level and optname lie in addr, optlen in file_index,
    // and optval in addr3.
    void fill(io_uring_sqe& sqe, unsigned command) const noexcept {
        sqe.opcode = abi::op_uring_cmd;
        sqe.fd = descriptor_;
        sqe.cmd_op = command;
        sqe.addr = static_cast<std::uint32_t>(level_) |
                   static_cast<std::uint64_t>(static_cast<std::uint32_t>(option_)) << 32;
        sqe.file_index = bytes_;
        sqe.addr3 = reinterpret_cast<std::uint64_t>(value_);
    }

    int descriptor_;
    int level_;
    int option_;
    socklen_t bytes_;
    const void* value_;
};

// Yields the bytes of the value that `into` holds then.
class get_socket_option_request : public socket_option_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "getsockopt";
    static constexpr feature opcode = feature::socket_command;

    get_socket_option_request(int descriptor, int level, int option, void* into,
                              socklen_t room) noexcept
        : socket_option_request(descriptor, level, option, into, room), into_(into) {}

    void prepare(io_uring_sqe& sqe) const noexcept { fill(sqe, abi::socket_get_option); }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }
    result<std::size_t> call(calls_face& calls) const noexcept {
        const auto got = calls.getsockopt(descriptor_, level_, option_, into_, bytes_);
        return got ? result<std::size_t>(*got) : std::unexpected(got.error());
    }

private:
    void* into_;
};

class set_socket_option_request : public socket_option_request {
public:
    using value_type = void;
    static constexpr const char* name = "setsockopt";
    static constexpr feature opcode = feature::socket_command;

    set_socket_option_request(int descriptor, int level, int option, const void* value,
                              socklen_t bytes) noexcept
        : socket_option_request(descriptor, level, option, value, bytes) {}

    void prepare(io_uring_sqe& sqe) const noexcept { fill(sqe, abi::socket_set_option); }
    result<void> decode(std::int32_t) const noexcept { return {}; }
    result<void> call(calls_face& calls) const noexcept {
        return calls.setsockopt(descriptor_, level_, option_, value_, bytes_);
    }
};

inline prompt_operation<socket_bytes_request> socket_bytes(shard& here, int descriptor,
                                                           socket_queue which,
                                                           via chosen = via::usual) noexcept {
    return {here, chosen, descriptor, which};
}

// `value` must outlive the await.
template <class Value>
prompt_operation<get_socket_option_request> get_socket_option(shard& here, int descriptor,
                                                              int level, int option, Value& value,
                                                              via chosen = via::usual) noexcept {
    return {here, chosen, descriptor, level, option, &value, socklen_t{sizeof(value)}};
}
template <class Value>
prompt_operation<set_socket_option_request> set_socket_option(shard& here, int descriptor,
                                                              int level, int option,
                                                              const Value& value,
                                                              via chosen = via::usual) noexcept {
    return {here, chosen, descriptor, level, option, &value, socklen_t{sizeof(value)}};
}

}  // namespace pelton
