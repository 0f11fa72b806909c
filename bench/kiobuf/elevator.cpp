#include <pelton/bench/kiobuf/elevator.hpp>
#include <pelton/runtime/kernel/abi.hpp>

namespace pelton::bench::kiobuf {

bool elevator::back_merge(request& into, buffer_head& head) const {
    const std::uint32_t sectors = head.b_size / sector_bytes;
    if (into.sector + into.sectors != head.b_rsector) return false;
    if (into.sectors + sectors > max_sectors_) return false;
    iovec& last = into.segment[into.segments - 1];
    const bool continues = static_cast<std::byte*>(last.iov_base) + last.iov_len == head.b_data &&
                           head.b_page == into.tail->b_page;
    if (continues) {
        last.iov_len += head.b_size;
    } else {
        if (into.segments == max_segments_) return false;
        into.segment[into.segments++] = {head.b_data, head.b_size};
    }
    into.tail->b_reqnext = &head;
    into.tail = &head;
    into.sectors += sectors;
    return true;
}

void elevator::add(buffer_head& head) {
    for (std::size_t i = used_; i-- > 0;) {
        if (back_merge(*requests_[i], head)) return;
    }
    if (used_ == requests_.size()) requests_.push_back(std::make_unique<request>());
    request& fresh = *requests_[used_++];
    fresh.head = fresh.tail = &head;
    fresh.sector = head.b_rsector;
    fresh.sectors = static_cast<std::uint32_t>(head.b_size / sector_bytes);
    fresh.segments = 1;
    fresh.segment[0] = {head.b_data, head.b_size};
}

unsigned elevator::dispatch(port& out, int descriptor) {
    for (std::size_t i = 0; i < used_; ++i) {
        const request& each = *requests_[i];
        out.queue(abi::op_readv, descriptor, each.segment.data(), each.segments,
                  each.sector * sector_bytes, &each, each.sectors * sector_bytes);
    }
    return static_cast<unsigned>(used_);
}

void elevator::complete(request& ended, std::int32_t result) {
    std::int64_t left = result;
    for (buffer_head* head = ended.head; head != nullptr;) {
        buffer_head* const next = head->b_reqnext;
        left -= head->b_size;
        head->b_end_io(head, left >= 0);
        head = next;
    }
}

}  // namespace pelton::bench::kiobuf
