// Merges heads back into requests, as 2.4's block layer did before the driver saw them.
//
// A head that continues the last request on disk joins it, up to max_sectors and max_segments;
// memory that continues within a page joins the last segment. One READV for each request: one SQE
// for each head would be a caricature.
#pragma once

#include <pelton/bench/kiobuf/heads.hpp>
#include <pelton/bench/kiobuf/port.hpp>

#include <sys/uio.h>

#include <array>
#include <vector>

namespace pelton::bench::kiobuf {

struct request {
    buffer_head* head;
    buffer_head* tail;
    std::uint64_t sector;
    std::uint32_t sectors;
    std::uint32_t segments;
    std::array<iovec, 254> segment;
};

class elevator {
public:
    elevator(std::uint32_t max_sectors, std::uint32_t max_segments)
        : max_sectors_(max_sectors), max_segments_(max_segments) {}

    void add(buffer_head& head);

    // Queues every request; returns how many there are.
    unsigned dispatch(port& out, int descriptor);

    // A request has ended: calls the end of each of its heads, in order. Those wholly below the
    // byte count succeeded.
    static void complete(request& ended, std::int32_t result);

    // All requests have ended; their storage is used again.
    void reset() { used_ = 0; }

private:
    bool back_merge(request& into, buffer_head& head) const;

    std::uint32_t max_sectors_;
    std::uint32_t max_segments_;
    std::vector<std::unique_ptr<request>> requests_;  // allocated once, as 2.4 did
    std::size_t used_ = 0;
};

}  // namespace pelton::bench::kiobuf
