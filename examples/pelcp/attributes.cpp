#include <pelton/examples/pelcp/attributes.hpp>
#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/extended.hpp>

#include <fmt/format.h>

#include <fcntl.h>

#include <linux/openat2.h>

namespace pelcp {
namespace {

using pelton::metadata;
using pelton::result;

constexpr unsigned special_bits = 07000;
constexpr unsigned same_owner = ~0U;  // chown(2): leave this one as it is

bool is_denied(std::error_code why) noexcept {
    return why == std::errc::operation_not_permitted || why == std::errc::invalid_argument;
}

// Gives the owner and the group, or the group alone. False when the owner could not be given: then
// the set-user-id bit would be someone else's.
bool give_owner(job& on, const entry& one, int at, const char* name, int flags,
                const metadata& about) {
    const auto given = on.calls().fchownat(at, name, about.owner, about.group, flags);
    if (given) {
        return true;
    }
    if (is_denied(given.error()) && !on.shop.privileged) {
        static_cast<void>(on.calls().fchownat(at, name, same_owner, about.group, flags));
    } else {
        on.counts.complain("failed to preserve ownership for " + on.target(one), given.error());
    }
    return false;
}

void keep_times(job& on, const entry& one, int at, const char* name, int flags,
                const metadata& about) {
    const timespec times[2] = {about.accessed, about.modified};
    if (const auto kept = on.calls().utimensat(at, name, times, flags); !kept) {
        on.counts.complain("preserving times for " + on.target(one), kept.error());
    }
}

// chmod through a descriptor that only names something (O_PATH), which fchmod(2) does not take.
result<void> change_named_mode(pelton::calls_face& calls, int named, unsigned mode) {
    return calls.fchmodat(AT_FDCWD, fmt::format("/proc/self/fd/{}", named).c_str(), mode);
}

// A directory that may be written to but not read is only named.
result<void> change_mode(pelton::calls_face& calls, int of, unsigned mode) {
    const auto changed = calls.fchmod(of, mode);
    return !changed && changed.error() == std::errc::bad_file_descriptor
               ? change_named_mode(calls, of, mode)
               : changed;
}

// chmod of what is not opened: a link put in its place is not followed.
result<void> change_mode(pelton::calls_face& calls, int at, const char* name, unsigned mode) {
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    const auto named = calls.openat2(at, name, how);
    if (!named) {
        return std::unexpected(named.error());
    }
    const descriptor handle(calls, *named);
    return change_named_mode(calls, *named, mode);
}

}  // namespace

void keep_attributes(job& on, const entry& one, int from, const metadata& about, int into,
                     newborn made) {
    const auto& keep = on.wanted().keep;
    auto& calls = on.calls();
    auto mode = about.mode;
    const bool as_predicted = made.created && on.in.newborn_known;
    const bool owner_is_right =
        as_predicted && on.in.newborn_owner == about.owner && on.in.newborn_group == about.group;
    if (keep.owner && !owner_is_right && !give_owner(on, one, into, "", AT_EMPTY_PATH, about)) {
        mode &= ~special_bits;
    }
    acls has;
    if (keep.xattrs || keep.mode) {
        has = copy_extended(calls, from, into, {.acls = keep.mode, .others = keep.xattrs});
    }
    const bool mode_is_right = as_predicted && !has.access && (made.mode & ~on.shop.umask) == mode;
    if (keep.mode && !mode_is_right) {
        if (!as_predicted) {
            drop_acls(calls, into, mode,
                      {.access = !has.access, .handed_down = made.is_folder && !has.handed_down});
        }
        if (const auto changed = change_mode(calls, into, mode); !changed) {
            on.counts.complain("preserving permissions for " + on.target(one), changed.error());
        }
    }
    if (keep.times) {
        keep_times(on, one, into, "", AT_EMPTY_PATH, about);
    }
}

void keep_attributes_by_name(job& on, const entry& one, const metadata& about) {
    const auto& keep = on.wanted().keep;
    auto mode = about.mode;
    if (keep.owner &&
        !give_owner(on, one, on.in.target, one.target_name, AT_SYMLINK_NOFOLLOW, about)) {
        mode &= ~special_bits;
    }
    if (keep.mode && about.type != pelton::file_type::symbolic_link) {
        if (const auto changed = change_mode(on.calls(), on.in.target, one.target_name, mode);
            !changed) {
            on.counts.complain("preserving permissions for " + on.target(one), changed.error());
        }
    }
    if (keep.times) {
        keep_times(on, one, on.in.target, one.target_name, AT_SYMLINK_NOFOLLOW, about);
    }
}

}  // namespace pelcp
