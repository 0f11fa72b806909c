// Rings of buffers that the kernel picks from when there is something to receive.
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <cerrno>

namespace pelton {
namespace {

// struct io_uring_buf_reg, whose flags Debian 12's header calls padding. Man page:
// io_uring_register(2).
struct buffer_ring_register {
    std::uint64_t address;
    std::uint32_t entries;
    std::uint16_t group;
    std::uint16_t flags;
    std::uint64_t reserved[3];
};
static_assert(sizeof(buffer_ring_register) == sizeof(io_uring_buf_reg));

constexpr std::uint16_t probe_group = UINT16_MAX;

}  // namespace

void ring::probe_buffer_rings() noexcept {
    constexpr auto known = static_cast<std::size_t>(feature::buffer_ring);
    constexpr auto incremental = static_cast<std::size_t>(feature::buffer_ring_incremental);
    buffer_ring_register request{};
    request.group = probe_group;
    if (known_.masked.test(known) ||
        kernel_.register_with(queues_, abi::unregister_pbuf_ring, &request, 1) != -ENOENT) {
        return;
    }
    known_.present.set(known);
    // The kernel's own memory for it, so that it costs none of ours.
    request.entries = 1;
    request.flags = abi::pbuf_ring_mmap | abi::pbuf_ring_incremental;
    if (!known_.masked.test(incremental) &&
        kernel_.register_with(queues_, abi::register_pbuf_ring, &request, 1) == 0) {
        unregister_buffer_ring(probe_group);
        known_.present.set(incremental);
    }
}

result<void> ring::register_buffer_ring(void* memory, unsigned entries, std::uint16_t group,
                                        bool incremental) noexcept {
    buffer_ring_register request{};
    request.address = reinterpret_cast<std::uint64_t>(memory);
    request.entries = entries;
    request.group = group;
    request.flags = incremental ? abi::pbuf_ring_incremental : 0;
    const int done = kernel_.register_with(queues_, abi::register_pbuf_ring, &request, 1);
    return done < 0 ? failure(-done) : result<void>();
}

void ring::unregister_buffer_ring(std::uint16_t group) noexcept {
    buffer_ring_register request{};
    request.group = group;
    const int done = kernel_.register_with(queues_, abi::unregister_pbuf_ring, &request, 1);
    check(done >= 0, "a ring of provided buffers could not be taken from the kernel");
}

}  // namespace pelton
