#include <pelton/runtime/outcome/not_atomic.hpp>

#include <fmt/format.h>

#include <bit>
#include <string>

namespace pelton {
namespace {

// An error_code is one int: the part (3 bits) and the logarithms of both sizes (5 bits each).
constexpr int part_shift = 10;
constexpr int most_shift = 5;

not_atomic_part part_of(int code) noexcept {
    return static_cast<not_atomic_part>(code >> part_shift);
}

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.not_atomic"; }

    std::string message(int code) const override {
        const auto bits = static_cast<std::uint32_t>(code);
        const auto least = 1U << (bits & 31);
        const auto most = 1U << ((bits >> most_shift) & 31);
        switch (part_of(code)) {
            case not_atomic_part::kernel:
                return "an atomic write was refused: this kernel has no RWF_ATOMIC (Linux 6.11)";
            case not_atomic_part::file:
                return "an atomic write was refused: the file cannot; it must be opened with "
                       "direct, and its file system and its device must both be able to";
            case not_atomic_part::areas:
                return "an atomic write was refused: its bytes lie in several areas; it takes one";
            case not_atomic_part::length:
                return fmt::format(
                    "an atomic write was refused: its length must be a power of two, from {} to {} "
                    "bytes",
                    least, most);
            case not_atomic_part::position:
                return fmt::format(
                    "an atomic write was refused: its file offset must be a multiple of its "
                    "length, {} bytes",
                    least);
        }
        return "an atomic write was refused";
    }
    std::error_condition default_error_condition(int code) const noexcept override {
        const auto part = part_of(code);
        return part == not_atomic_part::kernel || part == not_atomic_part::file
                   ? std::errc::operation_not_supported
                   : std::errc::invalid_argument;
    }
};

int logarithm(std::uint32_t bytes) noexcept {
    return std::countr_zero(bytes) & 31;
}

}  // namespace

std::error_code not_atomic(not_atomic_part part, std::uint32_t least, std::uint32_t most) noexcept {
    static const category one;
    return {
        (static_cast<int>(part) << part_shift) | (logarithm(most) << most_shift) | logarithm(least),
        one};
}

}  // namespace pelton
