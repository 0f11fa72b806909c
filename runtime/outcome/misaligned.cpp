#include <pelton/runtime/outcome/misaligned.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>

namespace pelton {
namespace {

// An error_code is one int, so the sentence's three facts are packed into it: the part (2 bits),
// the alignment's logarithm (5 bits) and how far the value is off (24 bits, more is told as that
// much).
constexpr int part_shift = 29;
constexpr int alignment_shift = 24;
constexpr std::uint32_t off_max = (1U << alignment_shift) - 1;

class category final : public std::error_category {
public:
    category(const char* name, const char* what, const char* remedy) noexcept
        : name_(name), what_(what), remedy_(remedy) {}

    const char* name() const noexcept override { return name_; }

    std::string message(int code) const override {
        const auto bits = static_cast<std::uint32_t>(code);
        const auto alignment = 1U << ((bits >> alignment_shift) & 31);
        const auto off = bits & off_max;
        const auto part = static_cast<misaligned_part>(bits >> part_shift);
        const auto* noun = part == misaligned_part::address  ? "the memory address"
                           : part == misaligned_part::length ? "the length"
                                                             : "the file offset";
        return fmt::format("misaligned {}: {} is {} bytes past a multiple of {}; {}", what_, noun,
                           off, alignment, remedy_);
    }
    std::error_condition default_error_condition(int) const noexcept override {
        return std::errc::invalid_argument;
    }

private:
    const char* name_;
    const char* what_;
    const char* remedy_;
};

}  // namespace

std::error_code misaligned(misaligned_part part, std::uint32_t alignment,
                           std::uint64_t value) noexcept {
    static const category one("pelton.misaligned", "O_DIRECT transfer",
                              "align it, or use a descriptor opened without O_DIRECT");
    const auto off = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value & (std::uint64_t{alignment} - 1), off_max));
    const auto bits = (static_cast<std::uint32_t>(part) << part_shift) |
                      (static_cast<std::uint32_t>(std::countr_zero(alignment)) << alignment_shift) |
                      off;
    return {static_cast<int>(bits), one};
}

std::error_code misaligned_command(std::error_code direct) noexcept {
    static const category one("pelton.misaligned_command", "NVMe command",
                              "commands move whole blocks, to and from words of 4 bytes");
    return direct ? std::error_code(direct.value(), one) : direct;
}

}  // namespace pelton
