// What an O_DIRECT target refuses, and in what words.
#include <pelton/runtime/op/target.hpp>

#include <doctest/doctest.h>

#include <array>
#include <ostream>
#include <string>
#include <vector>

using namespace pelton;

namespace {

// Addresses are looked at, never followed.
std::byte* at_address(std::uintptr_t address) {
    return reinterpret_cast<std::byte*>(address);
}

area at(std::uintptr_t address, std::size_t length) {
    return {at_address(address), length};
}

std::string sentence(std::string_view part, std::size_t off, std::size_t alignment) {
    return "misaligned O_DIRECT transfer: " + std::string(part) + " is " + std::to_string(off) +
           " bytes past a multiple of " + std::to_string(alignment) +
           "; align it, or use a descriptor opened without O_DIRECT";
}

// A device that takes memory at any 4 bytes but whole sectors of 512, as many NVMe devices do.
const target device(5, true, {.memory = 4, .offset = 512});

}  // namespace

TEST_CASE("misaligned is an invalid argument and says which part is how far off") {
    struct example {
        misaligned_part part;
        std::uint32_t alignment;
        std::uint64_t value;
        std::string sentence;
    };
    const std::array examples{
        example{misaligned_part::address, 512, 512 * 7 + 40,
                sentence("the memory address", 40, 512)},
        example{misaligned_part::length, 4096, 100, sentence("the length", 100, 4096)},
        example{misaligned_part::file_offset, 4096, 4095, sentence("the file offset", 4095, 4096)},
        example{misaligned_part::file_offset, 512, UINT64_MAX,
                sentence("the file offset", 511, 512)},
        example{misaligned_part::length, 2, 1, sentence("the length", 1, 2)},
        example{misaligned_part::address, 1U << 24, (1U << 24) - 1,
                sentence("the memory address", (1U << 24) - 1, 1U << 24)}};
    for (const auto& each : examples) {
        const auto code = misaligned(each.part, each.alignment, each.value);
        CHECK(code.message() == each.sentence);
        CHECK(code == std::errc::invalid_argument);
        CHECK(code != std::error_code(EINVAL, std::system_category()));
        CHECK(static_cast<bool>(code));
    }
}

TEST_CASE("a target without O_DIRECT refuses nothing") {
    const target on(5);
    CHECK(!on.refuse(areas(at(4097, 3)), 77));
}

TEST_CASE("a direct target takes what is aligned") {
    CHECK(!device.refuse(areas(at(4100, 512)), 1024));
    CHECK(!device.refuse(areas(), 512));
    const std::array several{at(4096, 512), at(8196, 1024), at(12292, 512)};
    CHECK(!device.refuse(areas(std::span(several)), 0));
    const std::array empty_between{at(4096, 512), at(3, 0), at(8192, 512)};
    CHECK(!device.refuse(areas(std::span(empty_between)), 0));
}

TEST_CASE("a direct target names the part that is misaligned") {
    CHECK(device.refuse(areas(at(4096, 512)), 1000).message() ==
          sentence("the file offset", 488, 512));
    CHECK(device.refuse(areas(at(4098, 512)), 512).message() ==
          sentence("the memory address", 2, 4));
    CHECK(device.refuse(areas(at(4096, 700)), 512).message() == sentence("the length", 188, 512));
    // Cut views count as they are cut.
    CHECK(device.refuse(areas(at(4096, 1024)).skip(512), 512) == std::error_code());
    CHECK(device.refuse(areas(at(4096, 1024)).skip(2), 512).message() ==
          sentence("the memory address", 2, 4));
    CHECK(device.refuse(areas(at(4096, 1024)).first(100), 512).message() ==
          sentence("the length", 100, 512));
}

TEST_CASE("each area of a vector must be aligned, not only all of them together") {
    // statx(2): the offset alignment holds for I/O segment lengths too.
    const std::array uneven{at(4096, 100), at(8192, 412)};
    CHECK(device.refuse(areas(std::span(uneven)), 0).message() == sentence("the length", 100, 512));
}

TEST_CASE("the sentence tells of one area, the first that is misaligned") {
    const std::array addresses{at(4096, 512), at(8193, 512), at(12290, 512)};
    CHECK(device.refuse(areas(std::span(addresses)), 0).message() ==
          sentence("the memory address", 1, 4));
    const std::array lengths{at(4096, 512), at(8192, 516), at(12288, 520)};
    CHECK(device.refuse(areas(std::span(lengths)), 0).message() == sentence("the length", 4, 512));
    CHECK(device.refuse(areas(std::span(lengths)).skip(4), 0).message() ==
          sentence("the length", 508, 512));
}

TEST_CASE("a target moves while nothing is pending, and what it moved from is closed") {
    target from(5, true, {4, 512});
    target into(std::move(from));
    CHECK(!from.is_open());
    CHECK(into.descriptor() == 5);
    CHECK(into.takes_fixed_vectors());
    CHECK(into.alignment().offset == 512);
    CHECK(into.release() == 5);
    CHECK(!into.is_open());
}
