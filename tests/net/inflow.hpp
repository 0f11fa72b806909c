// What the tests of inflows share: the ways there are, and a peer that sends everything and ends.
#pragma once

#include "connection.hpp"

#include <pelton/runtime/net/stream_inflow.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::test {

inline constexpr std::array ways{"", "buffer_ring_incremental",
                                 "buffer_ring_incremental,receive_bundle", "receive_multishot",
                                 "buffer_ring"};

inline options few_pages(std::string_view mask, std::size_t pages = 64, unsigned sq = 2) {
    auto with = masked(mask);
    with.ring.sq_entries = sq;
    with.page_bytes = pages * arena::page_bytes();
    return with;
}

inline std::string_view text_of(const lease& one) {
    return {reinterpret_cast<const char*>(one.data()), one.size()};
}

inline void append(std::vector<std::byte>& all, const lease& part) {
    all.insert(all.end(), part.bytes().begin(), part.bytes().end());
}

inline task<> send_and_end(tcp_stream& by, const std::vector<std::byte>& payload) {
    const auto sent = co_await by.send_all(areas::for_write(payload));
    CHECK(sent.value() == payload.size());
    CHECK(by.shutdown(half::sending));
}

inline task<> turns(shard& here, int count) {
    for (int i = 0; i < count; ++i) {
        co_await nop(here);
    }
}

}  // namespace pelton::test
