#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/op/nvme_queue.hpp>
#include <pelton/runtime/op/nvme_ring.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace pelton {
namespace {

// A thread's way.
class ioctl_request {
public:
    using value_type = std::uint16_t;
    static constexpr const char* name = "NVMe command by ioctl";
    static constexpr feature opcode = no_opcode;

    ioctl_request(int descriptor, const nvme_request& what) noexcept
        : descriptor_(descriptor), what_(what) {}

    std::error_code refusal() const noexcept { return {}; }
    result<std::uint16_t> call(calls_face& calls) const noexcept {
        return calls.nvme_command(descriptor_, what_.way, what_.words);
    }

private:
    int descriptor_;
    nvme_request what_;
};

// What a CQE or ioctl(2) brought: 0, or the controller's status.
result<void> judge(std::uint16_t status) noexcept {
    if (status != 0) {
        return std::unexpected(nvme_status(status));
    }
    return {};
}

std::error_code refuse(const target& on, const nvme_shape& shape, const areas& memory,
                       std::uint64_t at) noexcept {
    if (const auto misaligned = on.refuse(memory, at)) {
        return misaligned_command(misaligned);
    }
    return memory.bytes() > shape.transfer_bytes_max ? nvme_too_long(shape.transfer_bytes_max)
                                                     : std::error_code();
}

}  // namespace

class nvme_queue::use {
public:
    explicit use(nvme_queue& of) noexcept : of_(of) { ++of_.pending_; }
    use(const use&) = delete;
    use& operator=(const use&) = delete;
    ~use() { --of_.pending_; }

private:
    nvme_queue& of_;
};

nvme_queue::nvme_queue(shard& here, nvme_queue_options with) : here_(here) {
    if (!here.known().has(feature::nvme_passthrough) || !here.known().has(feature::poll_add)) {
        return;
    }
    ring_options sizes;
    sizes.sq_entries = with.sq_entries;
    sizes.masked = here.known().masked;
    try {
        ring_ = std::make_unique<nvme_ring>(here, sizes);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::invalid_argument) {
            throw;
        }
        return;  // this kernel has no long entries
    }
    if (here.known().has(feature::registered_buffers)) {
        // Without it, as with little memory that may be locked, pages are pinned for each command.
        const auto memory = here.pages().memory().whole();
        static_cast<void>(ring_->queues.register_range(memory.start, memory.length));
    }
}

nvme_queue::~nvme_queue() {
    check(pending_ == 0, "an NVMe queue was destroyed while commands on it are pending");
}

std::uint64_t nvme_queue::enters() const noexcept {
    return ring_ != nullptr ? ring_->queues.enters() : 0;
}

task<result<std::size_t>> nvme_queue::transfer(direction way, target& on, nvme_shape shape,
                                               areas memory, std::uint64_t at) {
    if (memory.empty()) {
        co_return std::size_t{0};
    }
    if (!memory.contiguous()) {
        if (!memory.whole()) {
            co_return co_await transfer_cut(way, on, shape, memory, at);
        }
        const auto count = std::min<std::size_t>(memory.count(), abi::iovec_max);
        memory = areas(std::span(memory.array(), count));
    }
    if (const auto refusal = refuse(on, shape, memory, at)) {
        co_return std::unexpected(refusal);
    }
    const auto done = co_await carry_out(on, transfer_request(way, shape, memory, at));
    if (!done) {
        co_return std::unexpected(done.error());
    }
    co_return memory.bytes();
}

// The array lies here, not in the ring's scratch: the kernel may read it until the command ends.
task<result<std::size_t>> nvme_queue::transfer_cut(direction way, target& on, nvme_shape shape,
                                                   areas memory, std::uint64_t at) {
    std::array<area, 64> entries;
    const auto count = memory.lower(entries);
    co_return co_await transfer(way, on, shape, areas(std::span(entries.data(), count)), at);
}

task<result<void>> nvme_queue::flush(target& on, nvme_shape shape) {
    co_return co_await carry_out(on, flush_request(shape));
}

task<result<void>> nvme_queue::carry_out(target& on, nvme_request what) {
    const target::use held(on);
    const use counted(*this);
    if (ring_ == nullptr) {
        co_return co_await by_thread(on, what);
    }
    const auto place = co_await ring_->places.acquire();
    if (!place) {
        co_return std::unexpected(place.error());
    }
    std::int32_t result = 0;
    bool refused = false;  // registered memory
    for (;;) {
        nvme_pending one(*ring_, on.descriptor(), what, ring_->takes_registered && !refused);
        if (!co_await nvme_pending::in_queue(one)) {
            co_return failure(ECANCELED);
        }
        while (!ring_->submit()) {
            static_cast<void>(co_await yield());  // the kernel had no memory for it just now
        }
        result = co_await nvme_pending::end(one);
        if (result != -EINVAL || !one.is_registered()) {
            break;
        }
        refused = true;
    }
    ring_->takes_registered = ring_->takes_registered && (!refused || result < 0);
    if (result == -EOPNOTSUPP) {
        // A driver without such commands, or a multipath head of before they were wired to it.
        co_return co_await by_thread(on, what);
    }
    if (result < 0) {
        co_return failure(-result);
    }
    co_return judge(static_cast<std::uint16_t>(result));
}

task<result<void>> nvme_queue::by_thread(target& on, nvme_request what) {
    const auto status = co_await call_operation<ioctl_request>(here_, targets_in_use(&on),
                                                               via::thread, on.descriptor(), what);
    if (!status) {
        co_return std::unexpected(status.error());
    }
    co_return judge(*status);
}

}  // namespace pelton
