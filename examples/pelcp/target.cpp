#include <pelton/examples/pelcp/target.hpp>

#include <fcntl.h>

#include <cerrno>
#include <linux/openat2.h>

namespace pelcp {
namespace {

using pelton::file_type;
using pelton::metadata;
using pelton::result;

enum class verdict : std::uint8_t { write_into, replace, leave };

unsigned access_of(const settings& wanted) noexcept {
    return wanted.verify ? O_RDWR : O_WRONLY;  // to verify means to read it back
}

// Who has not been given the file yet may not open it meanwhile.
unsigned mode_at_birth(const job& on, const metadata& from) noexcept {
    const bool is_ours = on.in.newborn_known && on.in.newborn_owner == from.owner &&
                         on.in.newborn_group == from.group;
    return from.mode & (on.wanted().keep.owner && !is_ours ? 0700U : 0777U);
}

result<descriptor> create(job& on, const entry& one, unsigned mode) {
    open_how how{};
    how.flags = access_of(on.wanted()) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    how.mode = mode;
    const auto made = on.calls().openat2(on.in.target, one.target_name, how);
    if (!made) {
        return std::unexpected(made.error());
    }
    return descriptor(on.calls(), *made);
}

verdict complain(job& on, std::string sentence) {
    on.counts.complain(std::move(sentence));
    return verdict::leave;
}

// A link was found where the file should go.
std::optional<metadata> behind_link(job& on, const entry& one) {
    auto seen = pelton::read_metadata(on.calls(), on.in.target, one.target_name, 0);
    if (!seen) {
        on.counts.complain("not writing through dangling symlink " + on.target(one));
        return std::nullopt;
    }
    return *seen;
}

verdict judge_existing(job& on, const entry& one, const metadata& from) {
    auto seen =
        pelton::read_metadata(on.calls(), on.in.target, one.target_name, AT_SYMLINK_NOFOLLOW);
    if (!seen) {
        on.counts.complain("cannot stat " + on.target(one), seen.error());
        return verdict::leave;
    }
    if (identity_of(*seen) == identity_of(from)) {
        return complain(on, on.source(one) + " and " + on.target(one) + " are the same file");
    }
    if (seen->type == file_type::symbolic_link) {
        if (!one.target_named) {
            return on.wanted().force
                       ? verdict::replace
                       : complain(on, "not writing through symbolic link " + on.target(one));
        }
        const auto behind = behind_link(on, one);
        if (!behind) {
            return verdict::leave;
        }
        if (identity_of(*behind) == identity_of(from)) {
            return complain(on, on.source(one) + " and " + on.target(one) + " are the same file");
        }
        *seen = *behind;
    }
    if (seen->type == file_type::directory) {
        return complain(on, "cannot overwrite directory " + on.target(one) + " with non-directory");
    }
    if (seen->type != file_type::regular && !one.target_named) {
        return on.wanted().force ? verdict::replace
                                 : complain(on, "not writing to special file " + on.target(one));
    }
    // Other names of the old file keep its old bytes when links are kept, as with cp.
    const bool shared = seen->type == file_type::regular && seen->links > 1;
    return shared && on.wanted().keep.links ? verdict::replace : verdict::write_into;
}

// Opens what is there and empties it, once sure that it is not the source by another name.
result<std::optional<target_file>> empty_existing(job& on, const entry& one, const metadata& from) {
    open_how how{};
    how.flags = access_of(on.wanted()) | O_CLOEXEC | O_NOCTTY;
    how.flags |= one.target_named ? 0 : O_NOFOLLOW | O_NONBLOCK;
    const auto opened = on.calls().openat2(on.in.target, one.target_name, how);
    if (!opened) {
        return std::unexpected(opened.error());
    }
    descriptor handle(on.calls(), *opened);
    const auto seen = pelton::read_metadata(on.calls(), *opened, "", AT_EMPTY_PATH);
    if (!seen) {
        return std::unexpected(seen.error());
    }
    if (identity_of(*seen) == identity_of(from)) {
        complain(on, on.source(one) + " and " + on.target(one) + " are the same file");
        return std::nullopt;
    }
    const bool regular = seen->type == file_type::regular;
    if (regular) {
        if (const auto emptied = on.calls().ftruncate(*opened, 0); !emptied) {
            return std::unexpected(emptied.error());
        }
    }
    return target_file{std::move(handle), false, regular, 0};
}

}  // namespace

bool clear_target(job& on, const entry& one) {
    const auto removed = on.calls().unlinkat(on.in.target, one.target_name, 0);
    if (!removed && removed.error() != std::errc::no_such_file_or_directory) {
        if (removed.error() == std::errc::is_a_directory) {
            on.counts.complain("cannot overwrite directory " + on.target(one) +
                               " with non-directory");
        } else {
            on.counts.complain("cannot remove " + on.target(one), removed.error());
        }
        return false;
    }
    if (removed && on.wanted().verbose) {
        on.counts.say("removed " + on.target(one));
    }
    return true;
}

std::optional<target_file> open_target(job& on, const entry& one, const metadata& from) {
    const unsigned mode = mode_at_birth(on, from);
    auto made = create(on, one, mode);
    for (int round = 0; !made && made.error() == std::errc::file_exists && round < 3; ++round) {
        if (on.wanted().no_clobber) {
            ++on.counts.skipped;
            return std::nullopt;
        }
        const auto decided = judge_existing(on, one, from);
        if (decided == verdict::leave) {
            return std::nullopt;
        }
        if (decided == verdict::write_into) {
            auto existing = empty_existing(on, one, from);
            if (existing) {
                return std::move(*existing);
            }
            if (!on.wanted().force) {
                made = std::unexpected(existing.error());
                break;
            }
        }
        if (!clear_target(on, one)) {
            return std::nullopt;
        }
        made = create(on, one, mode);
    }
    if (!made) {
        // "name/" is no name for a file; the kernel says so in other words
        const auto why = made.error() == std::errc::is_a_directory
                             ? std::make_error_code(std::errc::not_a_directory)
                             : made.error();
        on.counts.complain("cannot create regular file " + on.target(one), why);
        return std::nullopt;
    }
    return target_file{std::move(*made), true, true, mode};
}

std::optional<target_file> open_existing_target(job& on, const entry& one) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    how.flags |= one.target_named ? 0 : O_NOFOLLOW;
    const auto opened = on.calls().openat2(on.in.target, one.target_name, how);
    if (!opened) {
        on.counts.complain("cannot open " + on.target(one) + " for reading", opened.error());
        return std::nullopt;
    }
    return target_file{descriptor(on.calls(), *opened), false, true, 0};
}

}  // namespace pelcp
