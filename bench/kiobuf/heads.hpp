// Buffer heads: 2.4's unit of block I/O, one for each 512 bytes (raw) or 4 KiB (O_DIRECT).
#pragma once

#include <pelton/bench/kiobuf/kio.hpp>

#include <memory>
#include <vector>

namespace pelton::bench::kiobuf {

// The fields of 2.4.0 in their order. Most belong to the buffer cache and are dead here.
struct buffer_head {
    buffer_head* b_next;
    std::uint64_t b_blocknr;
    std::uint16_t b_size;
    std::uint16_t b_list;
    std::uint16_t b_dev;
    std::atomic<std::int32_t> b_count;
    std::uint16_t b_rdev;
    std::uint64_t b_state;
    std::uint64_t b_flushtime;
    buffer_head* b_next_free;
    buffer_head* b_prev_free;
    buffer_head* b_this_page;
    buffer_head* b_reqnext;
    buffer_head** b_pprev;
    std::byte* b_data;
    void* b_page;
    void (*b_end_io)(buffer_head*, bool up_to_date);
    void* b_private;
    std::uint64_t b_rsector;
    wait_queue b_wait;
    void* b_inode;
    void* b_inode_buffers[2];
};
static_assert(sizeof(buffer_head) == 176);

inline constexpr std::uint64_t state_up_to_date = 1U << 0;
inline constexpr std::uint64_t state_locked = 1U << 2;
inline constexpr std::uint64_t state_requested = 1U << 3;
inline constexpr std::uint64_t state_mapped = 1U << 4;

// What b_end_io is: marks the head, unlocks it, counts its kiobuf down.
template <class Kio>
void end_buffer_io_kiobuf(buffer_head* head, bool up_to_date) {
    const std::atomic_ref<std::uint64_t> state(head->b_state);
    if (up_to_date) state.fetch_or(state_up_to_date);
    state.fetch_and(~state_locked);
    end_kio_request(*static_cast<Kio*>(head->b_private), up_to_date);
}

// The dozen fields that brw_kiovec and submit_bh set for each head. `data` lies in `page`.
template <class Kio>
void prepare_head(buffer_head& head, Kio& kio, void* page, std::byte* data, std::uint64_t block,
                  std::size_t block_bytes) {
    head.b_size = static_cast<std::uint16_t>(block_bytes);
    head.b_page = page;
    head.b_data = data;
    head.b_this_page = &head;
    head.b_list = 0;
    head.b_end_io = end_buffer_io_kiobuf<Kio>;
    head.b_private = &kio;
    head.b_dev = head.b_rdev = 0;
    head.b_blocknr = block;
    head.b_rsector = block * (block_bytes / sector_bytes);
    head.b_state = state_mapped | state_locked | state_requested;
    head.b_reqnext = nullptr;
    kio.io_count.fetch_add(1);
}

// 2.4.0's unused list: heads are taken and put back for each I/O, without malloc.
class head_freelist {
public:
    buffer_head& get();
    void put(buffer_head& head) {
        head.b_next_free = first_;
        first_ = &head;
    }

private:
    void grow();

    buffer_head* first_ = nullptr;
    std::vector<std::unique_ptr<buffer_head[]>> blocks_;
};

// How many bytes came before the first error. Looks at the last head first, as wait_kio did.
std::int64_t harvest(buffer_head* const* heads, std::size_t count);

}  // namespace pelton::bench::kiobuf
