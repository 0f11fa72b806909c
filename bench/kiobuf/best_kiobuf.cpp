#include <pelton/bench/kiobuf/best_kiobuf.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <algorithm>

namespace pelton::bench::kiobuf {

best_kiobuf::best_kiobuf(port& out, int descriptor, std::uint8_t opcode, const workload& work)
    : out_(out), descriptor_(descriptor), opcode_(opcode), work_(work) {
    for (unsigned i = 0; i < work.depth; ++i) {
        pooled& each = pool_.emplace_back();
        initialise(each.kio);
        each.owner = this;
        each.memory = work.slot(i);
    }
}

best_kiobuf::~best_kiobuf() {
    for (pooled& each : pool_) {
        release(each.kio);
    }
}

void best_kiobuf::start(pooled& with) {
    kio_240& kio = with.kio;
    map_user_kiobuf(kio, with.memory, work_.bytes, count);
    kio.end_io = ended;
    kio.io_count.store(1);
    out_.queue(opcode_, descriptor_, static_cast<std::byte*>(kio.maplist[0]) + kio.offset,
               static_cast<std::size_t>(kio.length), work_.offset_of(started_++), &with,
               work_.bytes);
    ++count.chunks;
    ++count.sqes;
}

void best_kiobuf::ended(kio_240* kio) {
    auto& self = *reinterpret_cast<pooled*>(kio);
    check(kio->err == 0, "a read through K3 failed");
    unmap_kiobuf(*kio);
    ++self.owner->count.callbacks;
    ++self.owner->finished_;
    if (self.owner->started_ < self.owner->target_) self.owner->start(self);
}

void best_kiobuf::run(std::uint64_t operations) {
    started_ = finished_ = 0;
    target_ = operations;
    for (std::size_t i = 0; i < pool_.size() && started_ < target_; ++i) {
        start(pool_[i]);
    }
    while (finished_ < target_) {
        out_.turn(1, [this](void* user_data, std::int32_t result) {
            auto& self = *static_cast<pooled*>(user_data);
            end_kio_request(self.kio, result == static_cast<std::int32_t>(work_.bytes));
        });
    }
}

kiovec::kiovec(port& out, int descriptor, std::size_t fragments_max)
    : out_(out), descriptor_(descriptor), segments_(fragments_max) {
    for (std::size_t i = 0; i < fragments_max; ++i) {
        pooled& each = pool_.emplace_back();
        initialise(each.kio);
        each.owner = this;
    }
}

kiovec::~kiovec() {
    for (pooled& each : pool_) {
        release(each.kio);
    }
}

std::int64_t kiovec::read(std::span<const iovec> fragments, std::uint64_t offset, alignment rule,
                          submission how) {
    if (rule == alignment::strict) {
        for (const iovec& each : fragments) {
            const auto place = reinterpret_cast<std::uintptr_t>(each.iov_base);
            if ((place | each.iov_len) % sector_bytes != 0) return -error_invalid;
        }
    }
    map(fragments);
    left_ = fragments.size();
    queue(fragments.size(), offset, how);
    while (left_ > 0) {
        turn(1, fragments.size(), how);
    }
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < fragments.size() && pool_[i].kio.err == 0; ++i) {
        bytes += pool_[i].kio.length;
    }
    return bytes == 0 ? -error_io : bytes;
}

void kiovec::turn(unsigned wait_for, std::size_t fragments, submission how) {
    out_.turn(wait_for, [&](void* user_data, std::int32_t result) {
        if (how == submission::together) {
            complete_all(fragments, result);
            return;
        }
        auto& self = *static_cast<pooled*>(user_data);
        end_kio_request(self.kio, result == self.kio.length);
    });
}

void kiovec::map(std::span<const iovec> fragments) {
    for (std::size_t i = 0; i < fragments.size(); ++i) {
        kio_240& kio = pool_[i].kio;
        map_user_kiobuf(kio, static_cast<std::byte*>(fragments[i].iov_base), fragments[i].iov_len,
                        count);
        kio.end_io = ended;
        kio.io_count.store(1);
    }
}

void kiovec::queue(std::size_t fragments, std::uint64_t offset, submission how) {
    for (std::size_t i = 0; i < fragments; ++i) {
        kio_240& kio = pool_[i].kio;
        auto* const start = static_cast<std::byte*>(kio.maplist[0]) + kio.offset;
        const auto length = static_cast<std::size_t>(kio.length);
        segments_[i] = {start, length};
        if (how == submission::together) continue;
        out_.queue(abi::op_read_fixed, descriptor_, start, length, offset, &pool_[i], length);
        offset += length;
        if (i == 0) turn(0, fragments, how);
    }
    count.sqes += how == submission::together ? 1 : fragments;
    if (how == submission::apart) return;
    if (fragments == 1) {
        out_.queue(abi::op_read_fixed, descriptor_, segments_[0].iov_base, segments_[0].iov_len,
                   offset, &pool_[0], segments_[0].iov_len);
        return;
    }
    // Only the dry port looks at the last argument: it takes INT32_MAX for "all there was".
    out_.queue(abi::op_readv_fixed, descriptor_, segments_.data(), fragments, offset, &pool_[0],
               INT32_MAX);
}

// The bytes went into the fragments in order: those wholly below the count succeeded.
void kiovec::complete_all(std::size_t fragments, std::int32_t result) {
    std::int64_t rest = result;
    for (std::size_t i = 0; i < fragments; ++i) {
        kio_240& kio = pool_[i].kio;
        rest -= kio.length;
        end_kio_request(kio, rest >= 0);
    }
}

void kiovec::ended(kio_240* kio) {
    auto& self = *reinterpret_cast<pooled*>(kio);
    kiovec& owner = *self.owner;
    unmap_kiobuf(*kio);
    ++owner.count.callbacks;
    --owner.left_;
    if (&self == &owner.pool_[0] && owner.on_first) owner.on_first();
}

}  // namespace pelton::bench::kiobuf
