#include <pelton/bench/kiobuf/heads.hpp>

namespace pelton::bench::kiobuf {

buffer_head& head_freelist::get() {
    if (first_ == nullptr) grow();
    buffer_head& head = *first_;
    first_ = head.b_next_free;
    return head;
}

void head_freelist::grow() {
    constexpr std::size_t block = 128;
    blocks_.push_back(std::make_unique<buffer_head[]>(block));
    for (std::size_t i = 0; i < block; ++i) {
        put(blocks_.back()[i]);
    }
}

std::int64_t harvest(buffer_head* const* heads, std::size_t count) {
    std::int64_t bytes = 0;
    bool failed_first = false;
    for (std::size_t i = count; i-- > 0;) {
        failed_first = (heads[i]->b_state & state_up_to_date) == 0;
        bytes = failed_first ? 0 : bytes + heads[i]->b_size;
    }
    return failed_first ? -error_io : bytes;
}

}  // namespace pelton::bench::kiobuf
