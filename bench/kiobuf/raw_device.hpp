// K0, K1, K2: reading through kiobufs as 2.4 did: in chunks, each awaited before the next is
// mapped, each cut into heads that the elevator merges again.
//
//     K0   2.4.0 raw       kiobuf made for each call, 64 KiB chunks, 512-byte heads from a freelist
//     K1   2.4.16 raw      kiobuf kept with the open file, 512 KiB chunks, its own 1024 heads
//     K2   2.4.10 O_DIRECT as K1 with heads of 4 KiB
//
// A read is synchronous, and so is the device: one thread each, as one caller had in 2.4.
#pragma once

#include <pelton/bench/kiobuf/elevator.hpp>
#include <pelton/bench/kiobuf/heads.hpp>
#include <pelton/bench/kiobuf/kio.hpp>
#include <pelton/bench/kiobuf/port.hpp>

#include <array>
#include <memory>

namespace pelton::bench::kiobuf {

// A whole 2.4.16 file's kiobuf: expensive to make (17 KiB and 1024 heads), so kept.
struct file_kiobuf {
    file_kiobuf();

    kio_2416 kio;
    std::unique_ptr<buffer_head[]> heads;
};

class raw_device {
public:
    enum class kernel { k0, k1, k2 };

    raw_device(kernel version, port& out, int descriptor);
    raw_device(const raw_device&) = delete;
    raw_device& operator=(const raw_device&) = delete;
    ~raw_device() = default;

    // Bytes before the first error, or a negated errno: -EINVAL unless place and length are
    // multiples of the block size.
    std::int64_t read(std::byte* into, std::size_t bytes, std::uint64_t offset);

    counters count;

private:
    std::int64_t read_240(std::byte* into, std::size_t bytes, std::uint64_t offset);
    std::int64_t read_2416(std::byte* into, std::size_t bytes, std::uint64_t offset);

    template <class Kio>
    std::int64_t brw_kiovec(Kio& kio, const std::uint64_t* blocks, buffer_head** heads);
    template <class Kio>
    void wait_for_io(Kio& kio, unsigned requests);

    kernel version_;
    port& out_;
    int descriptor_;
    std::size_t block_bytes_;
    elevator elevator_;
    head_freelist unused_heads_;                         // 2.4.0
    std::vector<std::unique_ptr<kio_240>> kiobuf_slab_;  // 2.4.0
    std::unique_ptr<file_kiobuf> kept_;                  // 2.4.16: filp->f_iobuf
    std::atomic_flag kept_taken_;                        // f_iobuf_lock
};

}  // namespace pelton::bench::kiobuf
