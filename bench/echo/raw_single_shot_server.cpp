#include <pelton/bench/echo/server.hpp>
#include <pelton/bench/raw/ring.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <vector>

namespace pelton::bench::echo {
namespace {

// What a CQE is about: the kind in the low bits, then the connection.
enum class kind : std::uint64_t { accept, receive, send, close };

std::uint64_t tag(kind what, unsigned slot = 0) {
    return static_cast<std::uint64_t>(what) | std::uint64_t{slot} << 8;
}

// Each connection receives into one buffer that stays in the cache, and sends it back.
class server {
public:
    explicit server(const serving& s)
        : listener_(listen_somewhere(s)),
          slots_(s.connections * 2 + 16),
          buffer_bytes_(std::max<std::size_t>(s.request_bytes, 256)),
          ring_(std::bit_ceil(std::max(64U, s.connections * 3))),
          memory_(slots_ * buffer_bytes_) {
        const int sparse = io_uring_register_files_sparse(&ring_.handle(), slots_);
        if (sparse < 0) throw_failed_call(-sparse, "register of direct descriptors");
    }

    void run() {
        accept();
        for (;;) {
            ring_.enter(1);
            ring_.reap([this](std::uint64_t user_data, std::int32_t result, std::uint32_t flags) {
                handle(static_cast<kind>(user_data & 0xff), static_cast<unsigned>(user_data >> 8),
                       result, flags);
            });
        }
    }

private:
    void accept() {
        io_uring_sqe& sqe = ring_.sqe();
        io_uring_prep_multishot_accept_direct(&sqe, listener_, nullptr, nullptr, 0);
        sqe.user_data = tag(kind::accept);
    }

    // Nothing is there before the answer has gone out and come round: no try before the poll.
    void receive(unsigned slot) {
        io_uring_sqe& sqe = ring_.sqe();
        io_uring_prep_recv(&sqe, static_cast<int>(slot), buffer(slot), buffer_bytes_, 0);
        sqe.flags = IOSQE_FIXED_FILE;
        sqe.ioprio = IORING_RECVSEND_POLL_FIRST;
        sqe.user_data = tag(kind::receive, slot);
    }

    void send(unsigned slot, std::size_t bytes) {
        io_uring_sqe& sqe = ring_.sqe();
        io_uring_prep_send(&sqe, static_cast<int>(slot), buffer(slot), bytes,
                           MSG_WAITALL | MSG_NOSIGNAL);
        sqe.flags = IOSQE_FIXED_FILE;
        sqe.user_data = tag(kind::send, slot);
    }

    void close(unsigned slot) {
        io_uring_sqe& sqe = ring_.sqe();
        io_uring_prep_close_direct(&sqe, slot);
        sqe.user_data = tag(kind::close, slot);
    }

    void handle(kind what, unsigned slot, std::int32_t result, std::uint32_t flags) {
        switch (what) {
            case kind::accept:
                check(result >= 0, "the raw server's accept failed");
                receive(static_cast<unsigned>(result));
                if ((flags & IORING_CQE_F_MORE) == 0) accept();
                break;
            case kind::receive:
                if (result > 0) {
                    send(slot, static_cast<std::size_t>(result));
                } else {
                    close(slot);
                }
                break;
            case kind::send:
                if (result > 0) {
                    receive(slot);
                } else {
                    close(slot);
                }
                break;
            case kind::close:
                break;
        }
    }

    std::byte* buffer(unsigned slot) { return memory_.data() + slot * buffer_bytes_; }

    int listener_;
    unsigned slots_;
    std::size_t buffer_bytes_;
    raw_ring ring_;
    std::vector<std::byte> memory_;
};

}  // namespace

void serve_raw_single_shot(const serving& s) {
    server raw(s);
    raw.run();
}

}  // namespace pelton::bench::echo
