#include <pelton/examples/pelcp/entering.hpp>
#include <pelton/examples/pelcp/extended.hpp>
#include <pelton/examples/pelcp/path_parts.hpp>
#include <pelton/examples/pelcp/source.hpp>
#include <pelton/examples/pelcp/walk.hpp>

#include <fcntl.h>

#include <cerrno>
#include <linux/openat2.h>

namespace pelcp {
namespace {

using pelton::file_type;
using pelton::metadata;

// So many names are copied where they were read; more are shared out.
constexpr std::size_t few_names = 32;

constexpr unsigned all_for_owner = 0700;
constexpr unsigned sticky_and_permissions = 01777;
constexpr unsigned all_for_others = 077;
constexpr unsigned write_for_others = 022;
constexpr unsigned set_group_id = 02000;

}  // namespace

bool lies_within(pelton::calls_face& calls, int directory, const identity& which) {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    identity last;
    for (descriptor at(calls, -1);;) {
        const auto opened = calls.openat2(at ? at.number() : directory, at ? ".." : ".", how);
        if (!opened) {
            return false;
        }
        at = descriptor(calls, *opened);
        const auto seen = pelton::read_metadata(calls, at.number(), "", AT_EMPTY_PATH);
        if (!seen || identity_of(*seen) == last) {
            return false;
        }
        last = identity_of(*seen);
        if (last == which) {
            return true;
        }
    }
}

bool entering::open_source() {
    const auto one = itself();
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
    how.flags |= follows(work_.wanted(), one) ? 0 : O_NOFOLLOW;
    const auto opened = work_.calls().openat2(where().source, one.source_name, how);
    if (opened) {
        source_ = descriptor(work_.calls(), *opened);
    } else {
        // What is in it stays unknown, but that it is there can be copied.
        work_.counts.complain("cannot access " + work_.source(one), opened.error());
    }
    const auto seen = opened ? pelton::read_metadata(work_.calls(), *opened, "", AT_EMPTY_PATH)
                             : pelton::read_metadata(work_.calls(), where().source, one.source_name,
                                                     AT_SYMLINK_NOFOLLOW);
    if (!seen || seen->type != file_type::directory) {
        return false;
    }
    subject_.from = *seen;
    return true;
}

bool entering::refuse_into_itself(const folder& outer) {
    work_.counts.complain("cannot copy a directory, " + in_quotes(outer.source_path("")) +
                          ", into itself, " + in_quotes(outer.target_path("")));
    return true;
}

// True, with a complaint, when the target lies in the source, when this directory is one that the
// copy itself is making, or, with links followed, one that it is already in.
bool entering::refuse_loop() {
    const auto which = identity_of(subject_.from);
    if (subject_.operand) {
        const auto parent = parent_part(subject_.target_name);
        open_how how{};
        how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        const auto opened = work_.calls().openat2(where().target, parent.c_str(), how);
        const descriptor above(work_.calls(), opened ? *opened : -1);
        return above && lies_within(work_.calls(), above.number(), which) &&
               refuse_into_itself(subject_);
    }
    if (subject_.top->into == which) {
        return refuse_into_itself(*subject_.top);
    }
    if (work_.wanted().links == follow::everything) {
        for (const auto* above = subject_.parent; above->parent != nullptr; above = above->parent) {
            if (identity_of(above->from) == which) {
                work_.counts.complain("cannot copy cyclic symbolic link " + work_.source(itself()));
                return true;
            }
        }
    }
    return false;
}

bool entering::make_target() {
    auto& calls = work_.calls();
    const auto one = itself();
    const unsigned wanted = subject_.from.mode & sticky_and_permissions;
    // Nobody else may put anything there before the copy is complete.
    const auto& parent = where();
    const bool is_ours = parent.newborn_known && parent.newborn_owner == subject_.from.owner &&
                         parent.newborn_group == subject_.from.group;
    const unsigned withheld =
        work_.wanted().keep.owner && !is_ours ? all_for_others : write_for_others;
    subject_.mode_at_birth = (wanted | all_for_owner) & ~withheld;
    const auto made = calls.mkdirat(where().target, one.target_name, subject_.mode_at_birth);
    subject_.created = made.has_value();
    if (!made && made.error() != std::errc::file_exists) {
        work_.counts.complain("cannot create directory " + work_.target(one), made.error());
        return false;
    }
    if (!open_target()) {
        return false;
    }
    const auto seen = pelton::read_metadata(calls, target_.number(), "", AT_EMPTY_PATH);
    if (!seen) {
        work_.counts.complain("cannot stat " + work_.target(one), seen.error());
        return false;
    }
    subject_.into = identity_of(*seen);
    if (subject_.into == identity_of(subject_.from)) {
        work_.counts.complain(work_.source(one) + " and " + work_.target(one) +
                              " are the same file");
        return false;
    }
    if (subject_.created) {
        // An ACL handed down takes the place of the umask, so what is there is the starting point.
        subject_.mode_wanted = (seen->mode & ~all_for_owner) |
                               (wanted & ~work_.shop.umask & (withheld | all_for_owner));
        subject_.mode_at_birth = seen->mode;
        if (work_.wanted().keep.mode || work_.wanted().keep.owner) {
            learn_newborns(*seen);
        }
        work_.say_copied(one);
    }
    return true;
}

bool entering::open_target() {
    auto& calls = work_.calls();
    const auto one = itself();
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    auto opened = calls.openat2(where().target, one.target_name, how);
    if (!opened && opened.error() == std::errc::permission_denied) {
        if (subject_.created) {  // the umask took our own permissions away
            static_cast<void>(calls.fchmodat(where().target, one.target_name, all_for_owner));
        } else {
            // Write and search are enough to put files there.
            how.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        }
        opened = calls.openat2(where().target, one.target_name, how);
    }
    if (!opened) {
        const bool is_other = opened.error() == std::errc::not_a_directory ||
                              opened.error() == std::errc::too_many_symbolic_link_levels;
        if (is_other) {
            work_.counts.complain("cannot overwrite non-directory " + work_.target(one) +
                                  " with directory " + work_.source(one));
        } else {
            work_.counts.complain("cannot access " + work_.target(one), opened.error());
        }
        return false;
    }
    target_ = descriptor(calls, *opened);
    return true;
}

// A directory just made has the owner and group that files made in it will have.
void entering::learn_newborns(const metadata& made) {
    subject_.newborn_known =
        (made.mode & set_group_id) == 0 && !hands_down_acl(work_.calls(), target_.number());
    subject_.newborn_owner = made.owner;
    subject_.newborn_group = made.group;
}

void entering::list() {
    names_ = std::make_shared<listing>();
    if (const auto read = names_->read(work_.calls(), source_.number()); !read) {
        work_.counts.complain("error reading directory " + work_.source(itself()), read.error());
    }
}

void entering::run() {
    if (!open_source() || refuse_loop() || !make_target()) {
        return;
    }
    entered_ = true;
    if (work_.wanted().sync &&
        (where().parent == nullptr || where().into.device != subject_.into.device)) {
        to_sync_ = open_to_sync(work_.calls(), target_.number(), ".");
    }
    subject_.source = source_.number();
    subject_.target = target_.number();
    if (source_) {
        list();
        listed_ = names_->size() > few_names;
        for (std::size_t i = 0; !listed_ && i < names_->size(); ++i) {
            copy_one(inside_, *names_, i, false, found_);
        }
    }
    if (!listed_ && found_.empty()) {
        if (needs_finish(work_.shop, subject_)) {
            finish_folder(work_, subject_, source_.number(), target_.number());
        }
        finished_ = true;
        subject_.source = -1;
        subject_.target = -1;
        source_ = {};
        target_ = {};
    }
}

descriptor open_to_sync(pelton::calls_face& calls, int at, const char* path) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const auto opened = calls.openat2(at, path, how);
    return {calls, opened ? *opened : -1};
}

void entering::settle(walk& of) {
    work_.counts.add(std::move(inside_.counts));
    of.keep_to_sync(subject_.into.device, std::move(to_sync_));
    if (!entered_) {
        of.discarded(subject_);
    } else if (finished_) {
        of.completed(subject_);
    } else {
        of.entered(subject_, source_.release(), target_.release());
        if (listed_) {
            of.share_out(subject_, names_);
        } else {
            of.found(subject_, names_, found_);
        }
        of.ended(subject_);
    }
}

}  // namespace pelcp
