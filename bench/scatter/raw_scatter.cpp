#include <pelton/bench/scatter/raw_scatter.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pelton::bench {

raw_scatter::raw_scatter(const scatter_plan& plan, memory how)
    : plan_(plan),
      ring_(std::max(8U, plan.depth)),
      descriptor_(open(plan.path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT)),
      opcode_(how == memory::registered ? abi::op_readv_fixed : abi::op_readv) {
    if (descriptor_ < 0) throw_failed_call(errno, "open of " + plan.path);
    if (how == memory::registered) {
        const iovec all = {plan.memory.data(), plan.memory.size()};
        ring_.register_buffers({&all, 1});
    }
    const std::size_t bytes = plan.pages * scatter_plan::page_bytes;
    for (unsigned i = 0; i < plan.depth; ++i) {
        flow& each = flows_.emplace_back(flow{random_blocks(i, plan.file_bytes, bytes), {}, 0, 0});
        for (const area& page : plan.areas_of(i)) {
            each.entries.push_back({page.start, page.length});
        }
    }
}

raw_scatter::~raw_scatter() {
    close(descriptor_);
}

void raw_scatter::submit(flow& by) noexcept {
    by.offset = by.blocks.next_offset();
    prepare_transfer(ring_.sqe(), opcode_, descriptor_, by.entries.data(), by.entries.size(),
                     by.offset, reinterpret_cast<std::uint64_t>(&by));
}

void raw_scatter::run(std::uint64_t operations) {
    const auto bytes = static_cast<std::int32_t>(plan_.pages * scatter_plan::page_bytes);
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
            check(result == bytes, "a raw scattered read fell short");
            const auto* first = static_cast<const std::byte*>(by.entries[0].iov_base);
            check_block({first, scatter_plan::page_bytes}, by.offset);
            if (--by.left == 0) {
                --running;
            } else {
                submit(by);
            }
        });
    }
}

}  // namespace pelton::bench
