#include <pelton/bench/raw/buffer_ring.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <cstdlib>

namespace pelton::bench {

raw_buffer_ring::raw_buffer_ring(raw_ring& ring, unsigned count, std::size_t bytes)
    : ring_(ring), count_(count), bytes_(bytes), memory_(count * bytes) {
    void* pages = nullptr;
    check(posix_memalign(&pages, 4096, count * sizeof(io_uring_buf)) == 0,
          "no memory for a buffer ring");
    entries_ = static_cast<io_uring_buf_ring*>(pages);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(pages);
    registration.ring_entries = count;
    registration.bgid = group;
    const int registered = io_uring_register_buf_ring(&ring_.handle(), &registration, 0);
    if (registered < 0) {
        std::free(pages);
        throw_failed_call(-registered, "register of a buffer ring");
    }
    io_uring_buf_ring_init(entries_);
    for (unsigned i = 0; i < count; ++i) {
        give_back(i);
    }
}

raw_buffer_ring::~raw_buffer_ring() {
    io_uring_unregister_buf_ring(&ring_.handle(), group);
    std::free(entries_);
}

}  // namespace pelton::bench
