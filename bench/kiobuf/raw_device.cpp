#include <pelton/bench/kiobuf/raw_device.hpp>

#include <algorithm>

namespace pelton::bench::kiobuf {
namespace {

constexpr std::size_t chunk_240 = 64U << 10;
constexpr std::size_t chunk_2416 = 512U << 10;

}  // namespace

file_kiobuf::file_kiobuf() : heads(std::make_unique<buffer_head[]>(kio_2416::max_sectors)) {
    initialise(kio);
    for (std::size_t i = 0; i < kio_2416::max_sectors; ++i) {
        kio.bh[i] = &heads[i];
    }
}

raw_device::raw_device(kernel version, port& out, int descriptor)
    : version_(version),
      out_(out),
      descriptor_(descriptor),
      block_bytes_(version == kernel::k2 ? page_bytes : sector_bytes),
      elevator_(version == kernel::k0 ? elevator(254, 254) : elevator(255, 128)),
      kept_(version == kernel::k0 ? nullptr : std::make_unique<file_kiobuf>()) {}

std::int64_t raw_device::read(std::byte* into, std::size_t bytes, std::uint64_t offset) {
    return version_ == kernel::k0 ? read_240(into, bytes, offset) : read_2416(into, bytes, offset);
}

std::int64_t raw_device::read_240(std::byte* into, std::size_t bytes, std::uint64_t offset) {
    std::unique_ptr<kio_240> kio;
    if (kiobuf_slab_.empty()) {
        kio = std::make_unique<kio_240>();
    } else {
        kio = std::move(kiobuf_slab_.back());
        kiobuf_slab_.pop_back();
    }
    initialise(*kio);
    std::array<std::uint64_t, chunk_240 / sector_bytes> blocks;  // on the stack, as there
    std::array<buffer_head*, chunk_240 / sector_bytes> heads;
    std::int64_t done = 0;
    std::int64_t outcome = 0;
    for (std::uint64_t block = offset / sector_bytes; bytes > 0;) {
        const std::size_t length = std::min(bytes, chunk_240);
        map_user_kiobuf(*kio, into + done, length, count);
        for (std::size_t i = 0; i < length / sector_bytes; ++i) {
            blocks[i] = block++;
        }
        outcome = brw_kiovec(*kio, blocks.data(), heads.data());
        unmap_kiobuf(*kio);
        if (outcome > 0) done += outcome;
        if (outcome != static_cast<std::int64_t>(length)) break;
        bytes -= length;
    }
    release(*kio);
    kiobuf_slab_.push_back(std::move(kio));
    return done > 0 ? done : outcome;
}

std::int64_t raw_device::read_2416(std::byte* into, std::size_t bytes, std::uint64_t offset) {
    // A second reader of the same open file would find the kiobuf taken and make its own.
    std::unique_ptr<file_kiobuf> made;
    const bool taken = kept_taken_.test_and_set(std::memory_order_acquire);
    if (taken) made = std::make_unique<file_kiobuf>();
    kio_2416& kio = taken ? made->kio : kept_->kio;
    std::int64_t done = 0;
    std::int64_t outcome = 0;
    for (std::uint64_t block = offset / block_bytes_; bytes > 0;) {
        const std::size_t length = std::min(bytes, chunk_2416);
        map_user_kiobuf(kio, into + done, length, count);
        for (std::size_t i = 0; i < length / block_bytes_; ++i) {
            kio.blocks[i] = block++;
        }
        outcome = brw_kiovec(kio, kio.blocks, kio.bh);
        unmap_kiobuf(kio);
        if (outcome > 0) done += outcome;
        if (outcome != static_cast<std::int64_t>(length)) break;
        bytes -= length;
    }
    if (!taken) kept_taken_.clear(std::memory_order_release);
    return done > 0 ? done : outcome;
}

// One kiobuf: nothing in 2.4 mainline ever passed more.
template <class Kio>
std::int64_t raw_device::brw_kiovec(Kio& kio, const std::uint64_t* blocks, buffer_head** heads) {
    const auto offset = static_cast<std::size_t>(kio.offset);
    const auto length = static_cast<std::size_t>(kio.length);
    if (offset % block_bytes_ != 0 || length % block_bytes_ != 0) return -error_invalid;
    ++count.chunks;
    kio.io_count.store(1);
    std::size_t used = 0;
    std::size_t in_page = offset;
    std::size_t left = length;
    for (std::int32_t page = 0; page < kio.nr_pages; ++page) {
        auto* const start = static_cast<std::byte*>(kio.maplist[page]);
        for (; in_page < page_bytes && left > 0; in_page += block_bytes_, left -= block_bytes_) {
            if (version_ == kernel::k0) heads[used] = &unused_heads_.get();
            prepare_head(*heads[used], kio, start, start + in_page, blocks[used], block_bytes_);
            elevator_.add(*heads[used]);
            ++used;
        }
        in_page = 0;
    }
    count.heads += used;
    const unsigned requests = elevator_.dispatch(out_, descriptor_);
    count.sqes += requests;
    end_kio_request(kio, true);  // the submission's own count
    wait_for_io(kio, requests);
    elevator_.reset();
    const std::int64_t bytes = harvest(heads, used);
    if (version_ == kernel::k0) {
        for (std::size_t i = used; i-- > 0;) {
            unused_heads_.put(*heads[i]);
        }
    }
    return bytes;
}

template <class Kio>
void raw_device::wait_for_io(Kio& kio, unsigned requests) {
    ++count.waits;
    while (kio.io_count.load() > 0) {
        requests -= out_.turn(requests, [this](void* ended, std::int32_t result) {
            ++count.callbacks;
            elevator::complete(*static_cast<request*>(ended), result);
        });
    }
}

}  // namespace pelton::bench::kiobuf
