#include <pelton/bench/nop/raw_nop.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <algorithm>

namespace pelton::bench {

raw_nop::raw_nop(unsigned depth) : ring_(std::max(8U, depth)), flows_(depth) {}

void raw_nop::submit(flow& by) noexcept {
    io_uring_sqe& sqe = ring_.sqe();
    sqe.opcode = IORING_OP_NOP;
    sqe.fd = -1;
    sqe.user_data = reinterpret_cast<std::uint64_t>(&by);
}

void raw_nop::run(std::uint64_t operations) {
    std::uint64_t running = 0;
    for (flow& each : flows_) {
        each.left = operations / flows_.size();
        if (each.left == 0) continue;
        ++running;
        submit(each);
    }
    while (running > 0) {
        ring_.enter(1);
        ring_.reap([&](std::uint64_t user_data, std::int32_t result, std::uint32_t) {
            check(result == 0, "a raw NOP failed");
            flow& by = *reinterpret_cast<flow*>(user_data);
            if (--by.left == 0) {
                --running;
            } else {
                submit(by);
            }
        });
    }
}

}  // namespace pelton::bench
