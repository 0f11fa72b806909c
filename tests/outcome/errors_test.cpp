#include <pelton/runtime/outcome/end_of_stream.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/misaligned.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <ostream>  // doctest prints error codes
#include <string>
#include <system_error>

using namespace pelton;

namespace {

bool says(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

result<int> half_of(int number) {
    if (number % 2 != 0) {
        return failure(std::errc::invalid_argument);
    }
    return number / 2;
}

}  // namespace

TEST_CASE("a failure carries the errno, and compares with the portable conditions") {
    const result<int> missing = failure(ENOENT);
    REQUIRE(!missing);
    CHECK(missing.error() == std::errc::no_such_file_or_directory);
    CHECK(missing.error().value() == ENOENT);
    CHECK(missing.error().category() == std::system_category());
    CHECK(half_of(3).error() == std::errc::invalid_argument);
    CHECK(half_of(8) == 4);
}

TEST_CASE("an errno without a portable name passes through") {
    const result<void> odd = failure(EKEYEXPIRED);
    CHECK(odd.error().value() == EKEYEXPIRED);
    CHECK(!odd.error().message().empty());
}

TEST_CASE("a failed call throws the errno, with the call's name in its text") {
    try {
        throw_failed_call(EPERM, "io_uring_setup");
    } catch (const std::system_error& error) {
        CHECK(error.code() == std::errc::operation_not_permitted);
        CHECK(says(error.what(), "io_uring_setup"));
        return;
    }
    FAIL("nothing was thrown");
}

TEST_CASE("a misaligned transfer says which part is off, by how much, and from what") {
    struct example {
        misaligned_part part;
        std::uint32_t alignment;
        std::uint64_t value;
        const char* words;
    };
    const example examples[] = {
        {misaligned_part::address, 512, 4'096 + 40, "the memory address is 40 bytes past"},
        {misaligned_part::length, 4'096, 4'095, "the length is 4095 bytes past"},
        {misaligned_part::file_offset, 512, (std::uint64_t{1} << 40) + 1,
         "the file offset is 1 bytes past"},
        {misaligned_part::file_offset, 1U << 30, 100, "a multiple of 1073741824"},
        {misaligned_part::length, 512, 511, "a multiple of 512"},
    };
    for (const auto& each : examples) {
        const auto error = misaligned(each.part, each.alignment, each.value);
        CHECK(error);
        CHECK(error == std::errc::invalid_argument);
        INFO(error.message());
        CHECK(says(error.message(), each.words));
    }
}

TEST_CASE("how far a transfer is off is told up to 16 MiB, and the largest alignment is not lost") {
    const auto error = misaligned(misaligned_part::address, 1U << 30, (1U << 30) - 1);
    CHECK(says(error.message(), "16777215 bytes past a multiple of 1073741824"));
}

TEST_CASE("a misaligned NVMe command has the same facts and its own remedy") {
    const auto error = misaligned_command(misaligned(misaligned_part::length, 4'096, 4'095));
    CHECK(error == std::errc::invalid_argument);
    CHECK(
        error.message() ==
        "misaligned NVMe command: the length is 4095 bytes past a multiple of 4096; commands move "
        "whole blocks, to and from words of 4 bytes");
    CHECK_FALSE(misaligned_command({}));
}

TEST_CASE("an NVMe status is told in words, with its type and code, whether known or not") {
    struct example {
        std::uint16_t field;
        const char* words;
        std::errc condition;
    };
    const example examples[] = {
        {0x4080, "LBA out of range (status code type 0h, code 80h, do not retry)",
         std::errc::invalid_argument},
        {0x0081, "capacity exceeded (status code type 0h, code 81h)",
         std::errc::no_space_on_device},
        {0x6002, "invalid field in command (status code type 0h, code 02h, do not retry)",
         std::errc::invalid_argument},
        {0x0281, "unrecovered read error (status code type 2h, code 81h)", std::errc::io_error},
        {0x02ee, "a media or data integrity error (status code type 2h, code eeh)",
         std::errc::io_error},
        {0x07c1, "an error of the vendor's (status code type 7h, code c1h)", std::errc::io_error},
        {0x0055, "a generic error (status code type 0h, code 55h)", std::errc::io_error},
    };
    for (const auto& each : examples) {
        const auto error = nvme_status(each.field);
        INFO(error.message());
        CHECK(error);
        CHECK(error == each.condition);
        CHECK(says(error.message(), "the NVMe controller answered: "));
        CHECK(says(error.message(), each.words));
        CHECK(nvme_status_of(error) == (each.field & 0x7ff));
    }
    CHECK_FALSE(nvme_status_of(std::error_code(0x80, std::system_category())).has_value());
}

TEST_CASE("an overlong NVMe transfer names the controller's limit") {
    CHECK(says(nvme_too_long(512 * 1024).message(), "more than 524288 bytes"));
    CHECK(nvme_too_long(4096) == std::errc::invalid_argument);
}

TEST_CASE("the end of a stream is an error of its own, equal to no errno") {
    const auto error = end_of_stream();
    CHECK(error);
    CHECK(error == end_of_stream());
    for (int errno_value = 1; errno_value < 134; ++errno_value) {
        CHECK(error != static_cast<std::errc>(errno_value));
    }
    CHECK(says(error.message(), "the peer ended the stream"));
}
