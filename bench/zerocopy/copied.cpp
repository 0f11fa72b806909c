#include <pelton/bench/raw/ring.hpp>
#include <pelton/bench/zerocopy/copied.hpp>
#include <pelton/bench/zerocopy/receiver.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace pelton::bench::zerocopy {
namespace {

// Not in liburing 2.3.
constexpr std::uint16_t send_zc_report_usage = 1U << 3;
constexpr std::uint32_t notification_copied = 1U << 31;

struct connection {
    explicit connection(const endpoint& to)
        : descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (descriptor < 0) throw_failed_call(errno, "socket");
        if (connect(descriptor, to.address(), to.bytes()) != 0) {
            const int failed = errno;
            close(descriptor);
            throw_failed_call(failed, "connect to a receiver");
        }
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { close(descriptor); }

    int descriptor;
};

}  // namespace

std::optional<bool> copies(const endpoint& to, std::size_t bytes) {
    const connection on(to);
    const order what{bytes, bytes, 0};
    check(send(on.descriptor, &what, sizeof(what), MSG_NOSIGNAL) == ssize_t{sizeof(what)},
          "an order of the measurement was not taken");
    const std::vector<std::byte> message(bytes);
    raw_ring ring(8);
    io_uring_sqe& sqe = ring.sqe();
    sqe.opcode = abi::op_send_zc;
    sqe.fd = on.descriptor;
    sqe.addr = reinterpret_cast<std::uint64_t>(message.data());
    sqe.len = static_cast<std::uint32_t>(bytes);
    sqe.msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
    sqe.ioprio = send_zc_report_usage;
    bool refused = false;
    bool copied = false;
    for (bool more = true; more;) {
        ring.enter(1);
        ring.reap([&](std::uint64_t, std::int32_t result, std::uint32_t flags) {
            more = (flags & abi::cqe_more) != 0;
            if ((flags & abi::cqe_notification) != 0) {
                copied = (static_cast<std::uint32_t>(result) & notification_copied) != 0;
            } else {
                refused = result != static_cast<std::int32_t>(bytes);
            }
        });
    }
    return refused ? std::nullopt : std::optional(copied);
}

}  // namespace pelton::bench::zerocopy
