#include <pelton/bench/raw/buffer_ring.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace pelton::bench {
namespace {

constexpr std::size_t flags_offset = offsetof(io_uring_buf_reg, bgid) + sizeof(unsigned short);

}  // namespace

// False when this kernel does not know the flags. Throws std::system_error for any other refusal.
bool raw_buffer_ring::registered(unsigned flags) {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(entries_);
    registration.ring_entries = count_;
    registration.bgid = group;
    // Behind the group lie the flags, which liburing 2.3 calls padding.
    const auto flag_bits = static_cast<unsigned short>(flags);
    std::memcpy(reinterpret_cast<std::byte*>(&registration) + flags_offset, &flag_bits,
                sizeof(flag_bits));
    const int outcome = io_uring_register_buf_ring(&ring_.handle(), &registration, 0);
    if (outcome >= 0) return true;
    if (outcome == -EINVAL && flags != 0) return false;
    std::free(entries_);
    throw_failed_call(-outcome, "register of a buffer ring");
}

raw_buffer_ring::raw_buffer_ring(raw_ring& ring, unsigned count, std::size_t bytes, use how)
    : ring_(ring), count_(count), bytes_(bytes), use_(how), memory_(count * bytes), states_(count) {
    void* pages = nullptr;
    check(posix_memalign(&pages, 4096, count * sizeof(io_uring_buf)) == 0,
          "no memory for a buffer ring");
    entries_ = static_cast<io_uring_buf_ring*>(pages);
    if (use_ == use::part && !registered(abi::pbuf_ring_incremental)) use_ = use::bundle;
    if (use_ != use::part) registered(0);
    if (use_ == use::bundle && (ring_.handle().features & abi::feature_recvsend_bundle) == 0) {
        use_ = use::whole;
    }
    io_uring_buf_ring_init(entries_);
    for (unsigned i = 0; i < count; ++i) {
        provide(i);
    }
}

raw_buffer_ring::~raw_buffer_ring() {
    io_uring_unregister_buf_ring(&ring_.handle(), group);
    std::free(entries_);
}

}  // namespace pelton::bench
