#include <pelton/bench/nop/liburing_nop.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <algorithm>

namespace pelton::bench {

liburing_nop::liburing_nop(unsigned depth) : ring_(std::max(8U, depth)), flows_(depth) {}

void liburing_nop::submit(flow& by) noexcept {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_.handle());
    check(sqe != nullptr, "the SQ of the raw ring is full");
    io_uring_prep_nop(sqe);
    io_uring_sqe_set_data(sqe, &by);
}

void liburing_nop::run(std::uint64_t operations) {
    std::uint64_t running = 0;
    for (flow& each : flows_) {
        each.left = operations / flows_.size();
        if (each.left == 0) continue;
        ++running;
        submit(each);
    }
    while (running > 0) {
        ring_.enter_prepared(1);
        unsigned head = 0;
        unsigned reaped = 0;
        io_uring_cqe* cqe = nullptr;
        io_uring_for_each_cqe(&ring_.handle(), head, cqe) {
            check(cqe->res == 0, "a raw NOP failed");
            flow& by = *static_cast<flow*>(io_uring_cqe_get_data(cqe));
            if (--by.left == 0) {
                --running;
            } else {
                submit(by);
            }
            ++reaped;
        }
        io_uring_cq_advance(&ring_.handle(), reaped);
    }
}

}  // namespace pelton::bench
