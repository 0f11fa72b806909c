#include <pelton/examples/pelcp/attributes.hpp>
#include <pelton/examples/pelcp/errand.hpp>
#include <pelton/examples/pelcp/target.hpp>
#include <pelton/examples/pelcp/walk.hpp>

#include <fcntl.h>

namespace pelcp {

void batch::run() {
    for (auto index = from_; index < end_; ++index) {
        copy_one(work_, *names_, index, false, found_);
    }
}

void batch::settle(walk& of) {
    of.found(where(), names_, found_);
    of.ended(where());
}

void claimed_batch::run() {
    copied_.reserve(which_.size());
    for (const auto& one : which_) {
        findings found;
        copied_.push_back(copy_one(work_, *names_, one.index, true, found) ? 1 : 0);
        if (!found.large.empty()) {
            copied_.back() = 2;
        }
    }
}

void claimed_batch::settle(walk& of) {
    copied_.resize(which_.size());  // nothing was copied if the folder could not be opened
    for (std::size_t i = 0; i < which_.size(); ++i) {
        if (copied_[i] == 2) {
            of.add_large({&where(), names_, which_[i].index}, which_[i].which);
        } else {
            of.settled(which_[i].which, copied_[i] == 1);
            of.ended(where());
        }
    }
}

void linking::run() {
    const auto from = first_.name();
    const auto into = one_.name();
    auto& calls = work_.calls();
    const auto link = [&] {
        return calls.linkat(first_.in->target, from.target_name, where().target, into.target_name,
                            0);
    };
    auto linked = link();
    if (!linked && linked.error() == std::errc::file_exists) {
        if (work_.wanted().no_clobber) {
            ++work_.counts.skipped;
            return;
        }
        const auto there =
            pelton::read_metadata(calls, where().target, into.target_name, AT_SYMLINK_NOFOLLOW);
        const auto wanted =
            pelton::read_metadata(calls, first_.in->target, from.target_name, AT_SYMLINK_NOFOLLOW);
        if (there && wanted && identity_of(*there) == identity_of(*wanted)) {
            return;
        }
        if (!clear_target(work_, into)) {
            return;
        }
        linked = link();
    }
    if (!linked) {
        work_.counts.complain("cannot create hard link " + work_.target(into) + " to " +
                                  in_quotes(first_.in->target_path(from.target_name)),
                              linked.error());
        return;
    }
    ++work_.counts.hard_links;
    work_.say_copied(into);
}

void linking::settle(walk& of) {
    of.ended(where());
}

bool needs_finish(const workshop& shop, const folder& one) noexcept {
    const auto& keep = shop.wanted.keep;
    return keep.mode || keep.owner || keep.times || keep.xattrs ||
           (one.created && one.mode_at_birth != one.mode_wanted);
}

void finish_folder(job& in_parent, const folder& one, int source, int target) {
    const entry itself{one.source_name.c_str(), one.target_name.c_str()};
    keep_attributes(in_parent, itself, source, one.from, target,
                    {.created = one.created, .mode = one.mode_at_birth, .is_folder = true});
    if (!in_parent.wanted().keep.mode && one.created && one.mode_at_birth != one.mode_wanted) {
        if (const auto set = in_parent.calls().fchmod(target, one.mode_wanted); !set) {
            in_parent.counts.complain("setting permissions for " + in_parent.target(itself),
                                      set.error());
        }
    }
}

void finishing::run() {
    finish_folder(work_, subject_, subject_.source, subject_.target);
}

void finishing::settle(walk& of) {
    of.completed(subject_);
}

}  // namespace pelcp
