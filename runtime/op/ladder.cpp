#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/ladder.hpp>

#include <algorithm>

namespace pelton {
namespace {

struct rungs {
    abi::opcode fixed, fixed_vector, plain, vector;
    feature has_fixed, has_fixed_vector, has_plain, has_vector;
};

constexpr rungs reads{abi::op_read_fixed,  abi::op_readv_fixed,  abi::op_read,  abi::op_readv,
                      feature::read_fixed, feature::readv_fixed, feature::read, feature::readv};
constexpr rungs writes{abi::op_write_fixed, abi::op_writev_fixed, abi::op_write,
                       abi::op_writev,      feature::write_fixed, feature::writev_fixed,
                       feature::write,      feature::writev};

void fill(io_uring_sqe& sqe, const ring& queues, abi::opcode opcode, const target& on,
          const void* address, unsigned length, std::uint64_t at) noexcept {
    sqe.opcode = opcode;
    on.name_in(sqe, queues);
    sqe.off = at;
    sqe.addr = reinterpret_cast<std::uint64_t>(address);
    sqe.len = length;
}

rung prepare_plain(io_uring_sqe& sqe, ring& queues, const rungs& steps, const target& on, area one,
                   std::uint64_t at) noexcept {
    one.length = std::min(one.length, abi::transfer_bytes_max);
    if (queues.has(steps.has_plain)) {
        fill(sqe, queues, steps.plain, on, one.start, static_cast<unsigned>(one.length), at);
        return rung::plain;
    }
    const auto entry = queues.scratch(1);
    if (entry.empty()) {
        return rung::put_off;
    }
    entry[0] = one;
    fill(sqe, queues, steps.vector, on, entry.data(), 1, at);
    return rung::plain;
}

[[gnu::always_inline]] inline rung prepare_one(io_uring_sqe& sqe, ring& queues, const rungs& steps,
                                               const target& on, area one,
                                               std::uint64_t at) noexcept {
    one.length = std::min(one.length, abi::transfer_bytes_max);
    if (queues.has(steps.has_fixed)) {
        const int index = queues.registered().find(one.start, one.length);
        if (index != registry::none) {
            fill(sqe, queues, steps.fixed, on, one.start, static_cast<unsigned>(one.length), at);
            sqe.buf_index = static_cast<std::uint16_t>(index);
            return rung::fixed;
        }
    }
    return prepare_plain(sqe, queues, steps, on, one, at);
}

[[gnu::noinline]] rung prepare_several(io_uring_sqe& sqe, ring& queues, const rungs& steps,
                                       const target& on, const areas& memory,
                                       std::uint64_t at) noexcept {
    if (!queues.has(steps.has_vector)) {
        return prepare_one(sqe, queues, steps, on, memory.front(), at);
    }
    const auto entries = lower(memory, queues);
    if (entries.array == nullptr) {
        return rung::put_off;
    }
    // The kernel shortens a plain vector of too many bytes but refuses a fixed one.
    if (on.takes_fixed_vectors() && memory.bytes() <= abi::transfer_bytes_max &&
        queues.has(steps.has_fixed_vector)) {
        const int index = queues.registered().find_all(entries.array, entries.count);
        if (index != registry::none) {
            fill(sqe, queues, steps.fixed_vector, on, entries.array, entries.count, at);
            sqe.buf_index = static_cast<std::uint16_t>(index);
            return rung::fixed;
        }
    }
    fill(sqe, queues, steps.vector, on, entries.array, entries.count, at);
    return rung::plain;
}

}  // namespace

rung prepare_unregistered(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                          area one, std::uint64_t at) noexcept {
    return prepare_plain(sqe, queues, way == direction::reading ? reads : writes, on, one, at);
}

lowered lower(const areas& memory, ring& queues) noexcept {
    const auto count = std::min<std::size_t>(memory.count(), abi::iovec_max);
    if (memory.whole()) {
        return {memory.array(), static_cast<unsigned>(count)};
    }
    const auto room = queues.scratch(count);
    if (room.empty()) {
        return {};
    }
    const auto used = memory.lower(room);
    queues.give_back_scratch(count - used);
    return {room.data(), static_cast<unsigned>(used)};
}

rung prepare_transfer(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                      const areas& memory, std::uint64_t at) noexcept {
    const auto& steps = way == direction::reading ? reads : writes;
    if (memory.contiguous()) [[likely]] {
        return prepare_one(sqe, queues, steps, on, {memory.address(), memory.bytes()}, at);
    }
    return prepare_several(sqe, queues, steps, on, memory, at);
}

}  // namespace pelton
