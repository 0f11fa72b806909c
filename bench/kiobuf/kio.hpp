// The kiobuf of Linux 2.4, laid out as it was on x86-64: the abstraction that our areas turn over.
//
// Dead fields stay, since their footprint is part of what is measured. "Page" is a 4 KiB-aligned
// address. What user space cannot do again is left out, to the kiobuf's advantage: faulting every
// page by hand (2.4.0 did), io_request_lock, scans over other processes' requests.
//
// One deviation: io_count starts at 1 during submission. 2.4 started at 0, so that end_io could
// fire before the last head was submitted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pelton::bench::kiobuf {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;
inline constexpr int error_io = 5;  // every failure became -EIO
inline constexpr int error_invalid = 22;

struct buffer_head;

struct wait_queue {
    std::uint32_t lock;
    void* next;
    void* prev;
};

// 2.4.0: at most 64 KiB at a time, 17 pages when the buffer is not page aligned.
struct kio_240 {
    static constexpr std::size_t static_pages = 17;

    std::int32_t nr_pages;
    std::int32_t array_len;
    std::int32_t offset;  // into the first page: one for the whole list
    std::int32_t length;  // one for the whole list
    void** maplist;
    std::uint32_t locked : 1;
    void* map_array[static_pages];
    std::atomic<std::int32_t> io_count;
    std::int32_t err;
    void (*end_io)(kio_240*);
    wait_queue wq;
};

// 2.4.16: at most 512 KiB at a time, with its heads and block numbers inside.
struct kio_2416 {
    static constexpr std::size_t static_pages = 129;
    static constexpr std::size_t max_sectors = 1024;

    std::int32_t nr_pages;
    std::int32_t array_len;
    std::int32_t offset;
    std::int32_t length;
    void** maplist;
    std::uint32_t locked : 1;
    void* map_array[static_pages];
    buffer_head* bh[max_sectors];
    std::uint64_t blocks[max_sectors];
    std::atomic<std::int32_t> io_count;
    std::int32_t err;
    void (*end_io)(kio_2416*);
    wait_queue wq;
};

static_assert(sizeof(kio_240) == 208);
static_assert(sizeof(kio_2416) == 17488);

// The vector as first proposed in the thread of February 2001. 16 bits cannot say 65536: a full
// 64 KiB page is inexpressible, which is why areas use whole words.
struct seed_buffer {
    void* page;
    std::uint16_t offset;
    std::uint16_t length;
};
static_assert(sizeof(seed_buffer) == 16);

// What the specification lets us predict, so that it is asserted.
struct counters {
    std::uint64_t chunks = 0;
    std::uint64_t pins = 0;  // pages mapped; the kernel pins them at submission
    std::uint64_t heads = 0;
    std::uint64_t sqes = 0;
    std::uint64_t waits = 0;
    std::uint64_t callbacks = 0;

    friend bool operator==(const counters&, const counters&) = default;
};

template <class Kio>
void initialise(Kio& kio);

// Room for `pages` pages: the embedded array, or one of its own. Never shrinks.
template <class Kio>
void expand(Kio& kio, std::size_t pages);

// Names every page that [start, start + bytes) touches.
template <class Kio>
void map_user_kiobuf(Kio& kio, std::byte* start, std::size_t bytes, counters& count);

template <class Kio>
void unmap_kiobuf(Kio& kio) {
    kio.nr_pages = 0;
    kio.locked = 0;
}

// Frees what expand() allocated.
template <class Kio>
void release(Kio& kio);

// One head, one request or the submission itself has ended.
template <class Kio>
void end_kio_request(Kio& kio, bool up_to_date) {
    if (!up_to_date && kio.err == 0) kio.err = -error_io;
    if (kio.io_count.fetch_sub(1) != 1) return;
    if (kio.end_io != nullptr) kio.end_io(&kio);
    std::atomic_ref<std::uint32_t>(kio.wq.lock).exchange(0);  // wake_up, with nobody queued
}

}  // namespace pelton::bench::kiobuf
