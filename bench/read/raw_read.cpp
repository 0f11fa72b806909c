#include <pelton/bench/read/raw_read.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pelton::bench {

raw_read::raw_read(const read_plan& plan, file how)
    : plan_(plan),
      ring_(std::max(8U, plan.depth)),
      descriptor_(open(plan.path.c_str(), O_RDONLY | O_CLOEXEC | (plan.direct ? O_DIRECT : 0))),
      flags_(how == file::direct_descriptor ? IOSQE_FIXED_FILE : 0) {
    if (descriptor_ < 0) throw_failed_call(errno, "open of " + plan.path);
    const iovec all = {plan.memory.data(), plan.memory.size()};
    ring_.register_buffers({&all, 1});
    for (unsigned i = 0; i < plan.depth; ++i) {
        flows_.push_back(
            {random_blocks(i, plan.file_bytes, plan.block_bytes), plan.block(i), 0, 0});
    }
    if (how == file::direct_descriptor) {
        ring_.register_file(descriptor_);
        close(descriptor_);
        descriptor_ = 0;
    }
}

raw_read::~raw_read() {
    if (flags_ == 0) close(descriptor_);
}

void raw_read::submit(flow& by) noexcept {
    by.offset = by.blocks.next_offset();
    io_uring_sqe& sqe = ring_.sqe();
    prepare_transfer(sqe, abi::op_read_fixed, descriptor_, by.memory.data(), by.memory.size(),
                     by.offset, reinterpret_cast<std::uint64_t>(&by));
    sqe.flags = flags_;
}

void raw_read::run(std::uint64_t operations) {
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
            flow& by = *reinterpret_cast<flow*>(user_data);
            check(result == static_cast<std::int32_t>(plan_.block_bytes), "a raw read fell short");
            check_block(by.memory, by.offset);
            if (--by.left == 0) {
                --running;
            } else {
                submit(by);
            }
        });
    }
}

}  // namespace pelton::bench
