#include <pelton/examples/pelcp/extended.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace pelcp {
namespace {

constexpr const char* access_acl = "system.posix_acl_access";
constexpr const char* default_acl = "system.posix_acl_default";

// The kernel's limits for one value and for all names (xattr(7)).
constexpr std::size_t value_bytes_max = 64 * 1024;
constexpr std::size_t few_names_bytes = 1024;

std::vector<char> names_of(pelton::calls_face& calls, int from) {
    std::vector<char> names(few_names_bytes);
    auto filled = calls.flistxattr(from, names);
    if (!filled && filled.error() == std::errc::result_out_of_range) {
        names.resize(value_bytes_max);
        filled = calls.flistxattr(from, names);
    }
    names.resize(filled ? *filled : 0);
    return names;
}

void copy_value(pelton::calls_face& calls, int from, int into, const char* name) {
    static thread_local std::vector<std::byte> value(value_bytes_max);
    if (const auto filled = calls.fgetxattr(from, name, value)) {
        static_cast<void>(calls.fsetxattr(into, name, std::span(value).first(*filled), 0));
    }
}

// struct posix_acl_xattr_header and _entry of the kernel, in the bytes it stores.
struct acl_entry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;
};
constexpr std::uint32_t acl_version = 2;
constexpr std::uint32_t nobody_in_particular = UINT32_MAX;
constexpr std::uint16_t tag_owner = 1;
constexpr std::uint16_t tag_group = 4;
constexpr std::uint16_t tag_others = 32;

}  // namespace

acls copy_extended(pelton::calls_face& calls, int from, int into, extended_wish wish) {
    acls has;
    const auto names = names_of(calls, from);
    for (std::size_t at = 0; at < names.size();) {
        const char* name = names.data() + at;
        const std::string_view text = name;
        at += text.size() + 1;
        const bool is_acl = text == access_acl || text == default_acl;
        has.access = has.access || text == access_acl;
        has.handed_down = has.handed_down || text == default_acl;
        if (is_acl ? wish.acls : wish.others && !text.starts_with("system.")) {
            copy_value(calls, from, into, name);
        }
    }
    return has;
}

void drop_acls(pelton::calls_face& calls, int into, unsigned mode, acls unwanted) {
    if (unwanted.handed_down && calls.fgetxattr(into, default_acl, {})) {
        // One without entries is none.
        static_cast<void>(
            calls.fsetxattr(into, default_acl, std::as_bytes(std::span(&acl_version, 1)), 0));
    }
    if (!unwanted.access || !calls.fgetxattr(into, access_acl, {})) {
        return;
    }
    // One that says no more than a mode is kept as the mode.
    const std::array<acl_entry, 3> entries{
        acl_entry{tag_owner, static_cast<std::uint16_t>(mode >> 6 & 7U), nobody_in_particular},
        acl_entry{tag_group, static_cast<std::uint16_t>(mode >> 3 & 7U), nobody_in_particular},
        acl_entry{tag_others, static_cast<std::uint16_t>(mode & 7U), nobody_in_particular}};
    std::array<std::byte, sizeof(acl_version) + sizeof(entries)> bare;
    std::memcpy(bare.data(), &acl_version, sizeof(acl_version));
    std::memcpy(bare.data() + sizeof(acl_version), entries.data(), sizeof(entries));
    static_cast<void>(calls.fsetxattr(into, access_acl, bare, 0));
}

bool hands_down_acl(pelton::calls_face& calls, int directory) noexcept {
    return calls.fgetxattr(directory, default_acl, {}).has_value();
}

}  // namespace pelcp
