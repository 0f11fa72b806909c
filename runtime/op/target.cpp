#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/not_atomic.hpp>

#include <bit>

namespace pelton {
namespace {

struct combined {
    std::uintptr_t addresses = 0;  // all of them, or-ed together
    std::size_t lengths = 0;
};

combined combine(const areas& memory) {
    combined seen;
    if (memory.whole()) {
        // The common case, and one that a 256-entry vector must not feel.
        for (std::size_t i = 0; i < memory.count(); ++i) {
            seen.addresses |= reinterpret_cast<std::uintptr_t>(memory.array()[i].start);
            seen.lengths |= memory.array()[i].length;
        }
        return seen;
    }
    for (const auto one : memory) {
        seen.addresses |= reinterpret_cast<std::uintptr_t>(one.start);
        seen.lengths |= one.length;
    }
    return seen;
}

}  // namespace

// statx(2): the offset alignment is asked of positions and of the length of each area.
std::error_code target::refuse_direct(const areas& memory, std::uint64_t at) const noexcept {
    const auto memory_mask = alignment_.memory - 1;
    const auto offset_mask = alignment_.offset - 1;
    if (refuses_position(at)) {
        return misaligned(misaligned_part::file_offset, alignment_.offset, at);
    }
    const auto seen = combine(memory);
    if (((seen.addresses & memory_mask) | (seen.lengths & offset_mask)) == 0) {
        return {};
    }
    for (const auto one : memory) {
        const auto address = reinterpret_cast<std::uintptr_t>(one.start);
        if ((address & memory_mask) != 0) {
            return misaligned(misaligned_part::address, alignment_.memory, address);
        }
        if ((one.length & offset_mask) != 0) {
            return misaligned(misaligned_part::length, alignment_.offset, one.length);
        }
    }
    return {};
}

// pwritev2(2), RWF_ATOMIC. statx(2) tells of segments, but has never told of more than one.
std::error_code target::refuse_atomic(const areas& memory, std::uint64_t at) const noexcept {
    if (atomic_.most == 0) {
        return not_atomic(not_atomic_part::file);
    }
    if (!memory.contiguous()) {
        return not_atomic(not_atomic_part::areas);
    }
    const auto bytes = memory.bytes();
    if (!std::has_single_bit(bytes) || bytes < atomic_.least || bytes > atomic_.most) {
        return not_atomic(not_atomic_part::length, atomic_.least, atomic_.most);
    }
    if ((at & (bytes - 1)) != 0) {
        return not_atomic(not_atomic_part::position, static_cast<std::uint32_t>(bytes));
    }
    return {};
}

}  // namespace pelton
