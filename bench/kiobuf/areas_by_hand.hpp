// Pelton's areas on a raw ring: the layering without the runtime.
//
// Beside K4 it differs in nothing but the descriptors: the same SQE, but the caller's array is what
// the kernel reads, and one result stands for all fragments.
#pragma once

#include <pelton/bench/kiobuf/port.hpp>
#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/abi.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace pelton::bench::kiobuf {

class areas_by_hand {
public:
    areas_by_hand(port& out, int descriptor, std::size_t fragments_max)
        : out_(out), descriptor_(descriptor), entries_(fragments_max) {}

    // Builds the array anew, as K4 maps its kiobufs anew, and reads. Bytes, or a negated errno.
    std::int64_t read(std::span<const iovec> fragments, std::uint64_t offset) {
        for (std::size_t i = 0; i < fragments.size(); ++i) {
            entries_[i] = {static_cast<std::byte*>(fragments[i].iov_base), fragments[i].iov_len};
        }
        return read(areas(std::span<const area>(entries_.data(), fragments.size())), offset);
    }

    // Reads into a view that is there already: descriptors are immutable and can be used again.
    std::int64_t read(areas into, std::uint64_t offset) {
        if (into.contiguous()) {
            out_.queue(abi::op_read_fixed, descriptor_, into.address(), into.bytes(), offset, this,
                       into.bytes());
        } else {
            out_.queue(abi::op_readv_fixed, descriptor_, into.array(), into.count(), offset, this,
                       into.bytes());
        }
        std::int64_t got = 0;
        bool done = false;
        while (!done) {
            out_.turn(1, [&](void*, std::int32_t result) {
                got = result;
                done = true;
            });
        }
        return got;
    }

private:
    port& out_;
    int descriptor_;
    std::vector<area> entries_;
};

}  // namespace pelton::bench::kiobuf
