#include <pelton/runtime/op/target.hpp>

namespace pelton {
namespace {

struct offsets {
    std::uintptr_t addresses = 0;  // all of them, or-ed together
    std::size_t lengths = 0;
};

offsets combine(const areas& memory) {
    offsets seen;
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

std::error_code target::refuse_direct(const areas& memory, std::uint64_t at) const noexcept {
    if ((at & (alignment_.offset - 1)) != 0) {
        return misaligned(misaligned_part::file_offset, alignment_.offset, at);
    }
    if ((memory.bytes() & (alignment_.offset - 1)) != 0) {
        return misaligned(misaligned_part::length, alignment_.offset, memory.bytes());
    }
    const auto seen = combine(memory);
    if ((seen.addresses & (alignment_.memory - 1)) != 0) {
        return misaligned(misaligned_part::address, alignment_.memory, seen.addresses);
    }
    if ((seen.lengths & (alignment_.memory - 1)) != 0) {
        return misaligned(misaligned_part::length, alignment_.memory, seen.lengths);
    }
    return {};
}

}  // namespace pelton
