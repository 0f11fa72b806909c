#include <pelton/runtime/outcome/nvme_error.hpp>

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pelton {
namespace {

constexpr std::uint16_t do_not_retry = 1U << 14;
constexpr unsigned code_type_and_code = 0x7ff;

struct meaning {
    std::uint16_t status;  // type and code
    std::string_view words;
    std::errc condition = std::errc::io_error;
};

// Of the base specification and the NVM command set, what reads, writes and flushes may meet.
constexpr std::array meanings{
    meaning{0x001, "invalid command opcode", std::errc::operation_not_supported},
    meaning{0x002, "invalid field in command", std::errc::invalid_argument},
    meaning{0x004, "data transfer error"},
    meaning{0x005, "aborted due to power loss"},
    meaning{0x006, "internal error"},
    meaning{0x007, "abort requested"},
    meaning{0x008, "aborted due to deletion of its queue"},
    meaning{0x00b, "invalid namespace or format", std::errc::no_such_device},
    meaning{0x015, "operation denied", std::errc::permission_denied},
    meaning{0x01d, "sanitize in progress", std::errc::device_or_resource_busy},
    meaning{0x020, "namespace is write protected", std::errc::read_only_file_system},
    meaning{0x080, "LBA out of range", std::errc::invalid_argument},
    meaning{0x081, "capacity exceeded", std::errc::no_space_on_device},
    meaning{0x082, "namespace not ready", std::errc::resource_unavailable_try_again},
    meaning{0x083, "reservation conflict", std::errc::device_or_resource_busy},
    meaning{0x084, "format in progress", std::errc::device_or_resource_busy},
    meaning{0x181, "invalid protection information", std::errc::invalid_argument},
    meaning{0x182, "attempted write to a read-only range", std::errc::read_only_file_system},
    meaning{0x280, "write fault"},
    meaning{0x281, "unrecovered read error"},
    meaning{0x282, "end-to-end guard check error"},
    meaning{0x283, "end-to-end application tag check error"},
    meaning{0x284, "end-to-end reference tag check error"},
    meaning{0x286, "access denied", std::errc::permission_denied},
    meaning{0x287, "deallocated or unwritten logical block"},
    meaning{0x300, "internal path error"},
    meaning{0x301, "asymmetric access persistent loss"},
    meaning{0x302, "asymmetric access inaccessible"},
    meaning{0x303, "asymmetric access transition", std::errc::resource_unavailable_try_again},
    meaning{0x360, "controller pathing error"},
    meaning{0x370, "host pathing error"},
    meaning{0x371, "aborted by the host"},
};

// What a code of no name is called by, after its type.
constexpr std::array<std::string_view, 8> types{
    "a generic error",  "an error of this command", "a media or data integrity error",
    "a path error",     "an unknown error",         "an unknown error",
    "an unknown error", "an error of the vendor's"};

const meaning* find(int field) noexcept {
    const auto status = static_cast<unsigned>(field) & code_type_and_code;
    const auto* found =
        std::ranges::find(meanings, static_cast<std::uint16_t>(status), &meaning::status);
    return found == meanings.end() ? nullptr : found;
}

class status_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.nvme_status"; }

    std::string message(int field) const override {
        const auto status = static_cast<unsigned>(field) & code_type_and_code;
        const auto* known = find(field);
        return fmt::format(
            "the NVMe controller answered: {} (status code type {:x}h, code {:02x}h{})",
            known != nullptr ? known->words : types[status >> 8], status >> 8, status & 0xff,
            (static_cast<unsigned>(field) & do_not_retry) != 0 ? ", do not retry" : "");
    }
    std::error_condition default_error_condition(int field) const noexcept override {
        const auto* known = find(field);
        return known != nullptr ? known->condition : std::errc::io_error;
    }
};

class too_long_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.nvme_too_long"; }

    std::string message(int most) const override {
        return fmt::format(
            "an NVMe transfer of more than {} bytes, the most that this controller moves by one "
            "command; divide it",
            most);
    }
    std::error_condition default_error_condition(int) const noexcept override {
        return std::errc::invalid_argument;
    }
};

const status_category& statuses() noexcept {
    static const status_category one;
    return one;
}

}  // namespace

std::error_code nvme_status(std::uint16_t field) noexcept {
    return {field, statuses()};
}

std::optional<std::uint16_t> nvme_status_of(std::error_code error) noexcept {
    if (error.category() != statuses()) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(static_cast<unsigned>(error.value()) & code_type_and_code);
}

std::error_code nvme_too_long(std::size_t most) noexcept {
    static const too_long_category one;
    return {static_cast<int>(std::min<std::size_t>(most, INT_MAX)), one};
}

}  // namespace pelton
