#include <pelton/bench/read/thread_read.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace pelton::bench {

thread_read::thread_read(const read_plan& plan)
    : plan_(plan),
      descriptor_(open(plan.path.c_str(), O_RDONLY | O_CLOEXEC | (plan.direct ? O_DIRECT : 0))),
      own_blocks_(0, plan.file_bytes, plan.block_bytes),
      gate_(static_cast<std::ptrdiff_t>(plan.depth) + 1) {
    if (descriptor_ < 0) throw_failed_call(errno, "open of " + plan.path);
    if (plan.depth == 1) return;
    for (unsigned i = 0; i < plan.depth; ++i) {
        threads_.emplace_back([this, i] {
            random_blocks blocks(i, plan_.file_bytes, plan_.block_bytes);
            for (;;) {
                gate_.arrive_and_wait();
                if (each_ == 0) return;
                read_some(i, blocks, each_);
                gate_.arrive_and_wait();
            }
        });
    }
}

thread_read::~thread_read() {
    if (!threads_.empty()) {
        each_ = 0;
        gate_.arrive_and_wait();
        threads_.clear();
    }
    close(descriptor_);
}

void thread_read::run(std::uint64_t operations) {
    if (threads_.empty()) {
        read_some(0, own_blocks_, operations);
        return;
    }
    each_ = operations / plan_.depth;
    if (each_ == 0) each_ = 1;
    gate_.arrive_and_wait();
    gate_.arrive_and_wait();
}

void thread_read::read_some(unsigned flow, random_blocks& blocks, std::uint64_t operations) const {
    const auto memory = plan_.block(flow);
    const iovec entry = {memory.data(), memory.size()};
    for (; operations > 0; --operations) {
        const std::uint64_t offset = blocks.next_offset();
        const ssize_t got = preadv(descriptor_, &entry, 1, static_cast<off_t>(offset));
        check(got == static_cast<ssize_t>(memory.size()), "a preadv fell short");
        check_block(memory, offset);
    }
}

}  // namespace pelton::bench
