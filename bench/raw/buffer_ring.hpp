// A provided buffer ring by hand, for the rivals and the clients that receive by multishot.
#pragma once

#include <pelton/bench/raw/ring.hpp>

#include <cstddef>
#include <vector>

namespace pelton::bench {

class raw_buffer_ring {
public:
    static constexpr unsigned short group = 0;

    // `count`, a power of two, buffers of `bytes`, all of them the kernel's at first. Throws
    // std::system_error. Lives at least as long as the ring's receives.
    raw_buffer_ring(raw_ring& ring, unsigned count, std::size_t bytes);
    raw_buffer_ring(const raw_buffer_ring&) = delete;
    raw_buffer_ring& operator=(const raw_buffer_ring&) = delete;
    ~raw_buffer_ring();

    std::byte* memory(unsigned buffer) noexcept { return memory_.data() + buffer * bytes_; }
    void give_back(unsigned buffer) noexcept {
        io_uring_buf_ring_add(entries_, memory(buffer), static_cast<unsigned>(bytes_),
                              static_cast<unsigned short>(buffer), io_uring_buf_ring_mask(count_),
                              0);
        io_uring_buf_ring_advance(entries_, 1);
    }

private:
    raw_ring& ring_;
    unsigned count_;
    std::size_t bytes_;
    std::vector<std::byte> memory_;
    io_uring_buf_ring* entries_ = nullptr;
};

}  // namespace pelton::bench
