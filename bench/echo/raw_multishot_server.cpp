#include <pelton/bench/echo/server.hpp>
#include <pelton/bench/raw/buffer_ring.hpp>
#include <pelton/bench/raw/ring.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <deque>
#include <vector>

namespace pelton::bench::echo {
namespace {

// What a CQE is about: the kind in the low bits, then the connection, then the buffer.
enum class kind : std::uint64_t { accept, receive, send, close };

std::uint64_t tag(kind what, unsigned connection = 0, unsigned buffer = 0) {
    return static_cast<std::uint64_t>(what) | std::uint64_t{connection} << 8 |
           std::uint64_t{buffer} << 40;
}

// As long as Pelton's runs; twice as many as all requests at once need.
constexpr std::size_t buffer_bytes = std::size_t{64} << 10;
unsigned buffer_count(const serving& s) {
    const std::size_t all = 2 * s.connections * s.request_bytes;
    return static_cast<unsigned>(std::bit_ceil(std::max<std::size_t>(32, all / buffer_bytes)));
}

class server {
public:
    explicit server(const serving& s);
    void run();

private:
    struct piece {
        unsigned buffer;
        const std::byte* at;
        std::size_t bytes;
    };
    // Sends of one connection go out one at a time: two in flight could change places.
    struct connection {
        bool sending = false;
        bool ended = false;
        std::deque<piece> waiting;
    };

    void accept();
    void receive(unsigned slot);
    void send(unsigned slot, piece what);
    void close(unsigned slot);

    void accepted(std::int32_t result, std::uint32_t flags);
    void received(unsigned slot, std::int32_t result, std::uint32_t flags);
    void sent(unsigned slot, unsigned buffer, std::int32_t result);

    int listener_;
    raw_ring ring_;
    std::vector<connection> connections_;
    raw_buffer_ring buffers_;
};

server::server(const serving& s)
    : listener_(listen_somewhere(s)),
      ring_(std::bit_ceil(std::max(64U, s.connections * 3))),
      connections_(s.connections * 2 + 16),
      buffers_(ring_, buffer_count(s), buffer_bytes, raw_buffer_ring::use::part) {
    const int sparse =
        io_uring_register_files_sparse(&ring_.handle(), static_cast<unsigned>(connections_.size()));
    if (sparse < 0) throw_failed_call(-sparse, "register of direct descriptors");
}

void server::accept() {
    io_uring_sqe& sqe = ring_.sqe();
    io_uring_prep_multishot_accept_direct(&sqe, listener_, nullptr, nullptr, 0);
    sqe.user_data = tag(kind::accept);
}

void server::receive(unsigned slot) {
    io_uring_sqe& sqe = ring_.sqe();
    io_uring_prep_recv_multishot(&sqe, static_cast<int>(slot), nullptr, 0, 0);
    sqe.flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
    if (buffers_.used_by() == raw_buffer_ring::use::bundle) sqe.ioprio |= abi::recvsend_bundle;
    sqe.buf_group = raw_buffer_ring::group;
    sqe.user_data = tag(kind::receive, slot);
}

void server::send(unsigned slot, piece what) {
    connections_[slot].sending = true;
    io_uring_sqe& sqe = ring_.sqe();
    io_uring_prep_send(&sqe, static_cast<int>(slot), what.at, what.bytes,
                       MSG_WAITALL | MSG_NOSIGNAL);
    sqe.flags = IOSQE_FIXED_FILE;
    sqe.user_data = tag(kind::send, slot, what.buffer);
}

void server::close(unsigned slot) {
    io_uring_sqe& sqe = ring_.sqe();
    io_uring_prep_close_direct(&sqe, slot);
    sqe.user_data = tag(kind::close, slot);
}

void server::accepted(std::int32_t result, std::uint32_t flags) {
    check(result >= 0, "the raw server's accept failed");
    connections_[static_cast<unsigned>(result)] = {};
    receive(static_cast<unsigned>(result));
    if ((flags & IORING_CQE_F_MORE) == 0) accept();
}

void server::received(unsigned slot, std::int32_t result, std::uint32_t flags) {
    connection& from = connections_[slot];
    if (result > 0) {
        buffers_.arrived(static_cast<std::size_t>(result), flags,
                         [&](unsigned buffer, const std::byte* at, std::size_t bytes) {
                             const piece got = {buffer, at, bytes};
                             if (from.sending) {
                                 from.waiting.push_back(got);
                             } else {
                                 send(slot, got);
                             }
                         });
        if ((flags & IORING_CQE_F_MORE) == 0) receive(slot);
        return;
    }
    if (result == -ENOBUFS) {
        receive(slot);
        return;
    }
    from.ended = true;
    if (!from.sending) close(slot);
}

void server::sent(unsigned slot, unsigned buffer, std::int32_t result) {
    connection& to = connections_[slot];
    buffers_.give_back(buffer);
    to.sending = false;
    if (result > 0 && !to.waiting.empty()) {
        const piece next = to.waiting.front();
        to.waiting.pop_front();
        send(slot, next);
        return;
    }
    for (const piece& lost : to.waiting) {
        buffers_.give_back(lost.buffer);
    }
    to.waiting.clear();
    if (to.ended) close(slot);
}

void server::run() {
    accept();
    for (;;) {
        ring_.enter(1);
        ring_.reap([this](std::uint64_t user_data, std::int32_t result, std::uint32_t flags) {
            const auto slot = static_cast<unsigned>(user_data >> 8 & 0xffffffff);
            const auto buffer = static_cast<unsigned>(user_data >> 40);
            switch (static_cast<kind>(user_data & 0xff)) {
                case kind::accept:
                    accepted(result, flags);
                    break;
                case kind::receive:
                    received(slot, result, flags);
                    break;
                case kind::send:
                    sent(slot, buffer, result);
                    break;
                case kind::close:
                    break;
            }
        });
    }
}

}  // namespace

void serve_raw_multishot(const serving& s) {
    server raw(s);
    raw.run();
}

}  // namespace pelton::bench::echo
