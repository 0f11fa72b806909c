#include <pelton/bench/echo/client.hpp>
#include <pelton/bench/echo/latency.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/bench/raw/buffer_ring.hpp>
#include <pelton/bench/raw/ring.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

namespace pelton::bench::echo {
namespace {

int connect_to(std::uint16_t port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) throw_failed_call(errno, "socket");
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0) {
        throw_failed_call(errno, "connect to the echo server");
    }
    return descriptor;
}

// Seconds the process's first thread was ready and had no core. 0 where the kernel does not count.
double waited_by(pid_t process) {
    std::ifstream counts("/proc/" + std::to_string(process) + "/schedstat");
    double ran_ns = 0;
    double waited_ns = 0;
    return counts >> ran_ns >> waited_ns ? waited_ns * 1e-9 : 0;
}

std::uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(t.tv_nsec);
}

class generator {
public:
    explicit generator(const load& l);
    ~generator() {
        for (const int descriptor : descriptors_)
            close(descriptor);
    }
    generator(const generator&) = delete;
    generator& operator=(const generator&) = delete;

    // Keeps every connection busy until `until`, in ns; the requests out then stay out.
    void run(std::uint64_t until);
    // Waits for the last answers.
    void drain();

    std::uint64_t answered = 0;
    latency times;

private:
    struct connection {
        std::vector<std::byte> request;
        std::size_t answered = 0;  // bytes of the answer that are here and right
        std::uint64_t sent_at = 0;
        bool busy = false;
    };

    void ask(std::uint64_t index, std::uint64_t at);
    void receive(std::uint64_t index);
    void turn(bool ask_again);
    bool compare(connection& with, std::int32_t arrived, std::uint32_t flags);

    std::size_t bytes_;
    unsigned batch_;  // answers to wait for at once
    std::vector<int> descriptors_;
    std::vector<connection> connections_;
    raw_ring ring_;
    raw_buffer_ring buffers_;
    std::uint64_t sequence_ = 0;
    unsigned out_ = 0;
};

generator::generator(const load& l)
    : bytes_(l.request_bytes),
      batch_(std::max(1U, l.connections / 8)),
      connections_(l.connections),
      ring_(std::bit_ceil(std::max(16U, l.connections * 3))),
      buffers_(ring_, std::bit_ceil(std::max(16U, l.connections * 2)),
               std::max<std::size_t>(l.request_bytes, 256)) {
    for (connection& each : connections_) {
        descriptors_.push_back(connect_to(l.port));
        each.request.resize(bytes_);
        for (std::size_t i = 0; i < bytes_; ++i) {
            each.request[i] = static_cast<std::byte>(i * 31 + descriptors_.size());
        }
    }
    const int registered = io_uring_register_files(&ring_.handle(), descriptors_.data(),
                                                   static_cast<unsigned>(descriptors_.size()));
    if (registered < 0) throw_failed_call(-registered, "register of the client's sockets");
    for (std::uint64_t i = 0; i < connections_.size(); ++i) {
        receive(i);
    }
}

void generator::ask(std::uint64_t index, std::uint64_t at) {
    connection& each = connections_[index];
    ++sequence_;
    std::memcpy(each.request.data(), &sequence_, sizeof(sequence_));
    each.sent_at = at;
    each.answered = 0;
    each.busy = true;
    ++out_;
    io_uring_sqe& send = ring_.sqe();
    io_uring_prep_send(&send, static_cast<int>(index), each.request.data(), bytes_,
                       MSG_WAITALL | MSG_NOSIGNAL);
    send.flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    send.user_data = UINT64_MAX;
}

void generator::receive(std::uint64_t index) {
    io_uring_sqe& sqe = ring_.sqe();
    io_uring_prep_recv_multishot(&sqe, static_cast<int>(index), nullptr, 0, 0);
    sqe.flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe.buf_group = raw_buffer_ring::group;
    sqe.user_data = index;
}

// Whether the answer is whole.
bool generator::compare(connection& with, std::int32_t arrived, std::uint32_t flags) {
    const auto bytes = static_cast<std::size_t>(arrived);
    check(arrived > 0 && with.answered + bytes <= bytes_, "an answer is missing or too long");
    buffers_.arrived(bytes, flags, [&](unsigned buffer, const std::byte* at, std::size_t length) {
        check(std::memcmp(at, with.request.data() + with.answered, length) == 0,
              "an answer is not what was sent");
        buffers_.give_back(buffer);
        with.answered += length;
    });
    return with.answered == bytes_;
}

void generator::turn(bool ask_again) {
    ring_.enter(std::min(batch_, out_));
    const std::uint64_t at = now_ns();
    ring_.reap([&](std::uint64_t index, std::int32_t result, std::uint32_t flags) {
        check(index != UINT64_MAX, "a send of the echo client failed");
        connection& each = connections_[index];
        if ((flags & IORING_CQE_F_MORE) == 0) receive(index);
        if (result == -ENOBUFS || !compare(each, result, flags)) return;
        times.add(at - each.sent_at);
        each.busy = false;
        --out_;
        ++answered;
        if (ask_again) ask(index, at);
    });
}

void generator::run(std::uint64_t until) {
    const std::uint64_t start = now_ns();
    for (std::uint64_t i = 0; i < connections_.size(); ++i) {
        if (!connections_[i].busy) ask(i, start);
    }
    while (now_ns() < until) {
        turn(true);
    }
}

void generator::drain() {
    while (out_ > 0) {
        turn(false);
    }
}

}  // namespace

load_outcome run_load(const load& l) {
    generator clients(l);
    clients.run(now_ns() + static_cast<std::uint64_t>(l.warm_up * 1e9));
    clients.answered = 0;
    clients.times.clear();
    const double cpu = cpu_of(l.server);
    const double waited = waited_by(l.server);
    const double own_waited = waited_by(getpid());
    const stopwatch own;
    clients.run(now_ns() + static_cast<std::uint64_t>(l.seconds * 1e9));
    const load_outcome outcome = {.requests = static_cast<double>(clients.answered),
                                  .wall = own.wall(),
                                  .server_cpu = cpu_of(l.server) - cpu,
                                  .server_waited = waited_by(l.server) - waited,
                                  .client_cpu = own.cpu(),
                                  .client_waited = waited_by(getpid()) - own_waited,
                                  .p50_us = clients.times.quantile(0.5) / 1e3,
                                  .p99_us = clients.times.quantile(0.99) / 1e3};
    clients.drain();
    return outcome;
}

}  // namespace pelton::bench::echo
